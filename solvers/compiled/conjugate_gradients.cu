// Preconditioned conjugate gradients on a GPU: three kernels a step, no synchronisation.
//
// The letters are those of resolvent/solvers/krylov/cg.py. Sums over the vectors are left as one
// number a block, in `parts`; the first thing that the next kernel does is to add them up, in every
// block alike. Scalars of a step are written to slots of their own by one thread and read by later kernels
// only, so that nothing races. After the end every kernel finds stop set and returns at once.
//
// Whoever compiles this defines REAL, SOLVED, and the codes of resolvent.recurrence.code NONFINITE,
// INDEFINITE_A, INDEFINITE_M and INCONSISTENT.

#define BLOCK 256

extern "C" {

__device__ double total(double value) {
    __shared__ double sums[BLOCK];
    int t = threadIdx.x;
    __syncthreads();
    sums[t] = value;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if (t < half) sums[t] += sums[t + half];
        __syncthreads();
    }
    return sums[0];
}

__device__ double gathered(const double* parts) {
    double value = 0;
    for (int i = threadIdx.x; i < gridDim.x; i += blockDim.x) value += parts[i];
    return total(value);
}

__device__ bool first_thread() { return blockIdx.x == 0 && threadIdx.x == 0; }

// r'r and r'z of the first residual.
__global__ void begin(int n, const REAL* r, const REAL* inverse, double* rr_parts,
                      double* rz_parts) {
    double rr = 0, rz = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) {
        double square = (double)r[i] * r[i];
        rr += square;
        rz += inverse ? inverse[i] * square : square;
    }
    rr = total(rr);
    rz = total(rz);
    if (threadIdx.x == 0) {
        rr_parts[blockIdx.x] = rr;
        rz_parts[blockIdx.x] = rz;
    }
}

// x += alpha p, p <- z + beta p, and p'p. Where it stops, alpha p is still missing in x.
__global__ void move(int n, int k, double tolerance, const REAL* r,
                     const REAL* inverse, REAL* x, REAL* p, const double* rr_parts,
                     const double* rz_parts, double* pp_parts, double* rr, double* rho,
                     double* alpha, int* stop, const int* trouble) {
    if (stop[k - 1] || trouble[k]) {
        if (first_thread()) {
            rr[k] = rr[k - 1];
            if (stop[k - 1]) alpha[k] = alpha[k - 1];
            stop[k] = stop[k - 1] ? stop[k - 1] : trouble[k];
        }
        return;
    }
    double square = gathered(rr_parts), rz = inverse ? gathered(rz_parts) : square;
    int why = 0;
    if (sqrt(square) <= tolerance) why = SOLVED;
    else if (!(rz > 0)) why = isfinite(rz) ? INDEFINITE_M : NONFINITE;
    double beta = rz / rho[k - 1];
    if (first_thread()) {
        rr[k] = square;
        rho[k] = rz;
        stop[k] = why;
    }
    if (why) return;
    REAL a = alpha[k], b = beta;
    double pp = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) {
        REAL old = p[i], z = inverse ? inverse[i] * r[i] : r[i];
        x[i] += a * old;
        REAL now = z + b * old;
        p[i] = now;
        pp += (double)now * now;
    }
    pp = total(pp);
    if (threadIdx.x == 0) pp_parts[blockIdx.x] = pp;
}

// q = A p by compressed rows, p'q and q'q.
__global__ void multiply(int n, int k, const int* indptr, const int* indices, const REAL* data,
                         const REAL* p, REAL* q, double* pq_parts, double* qq_parts,
                         const int* stop) {
    if (stop[k]) return;
    double pq = 0, qq = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) {
        REAL row = 0;
        for (int j = indptr[i]; j < indptr[i + 1]; ++j) row += data[j] * p[indices[j]];
        q[i] = row;
        pq += (double)row * p[i];
        qq += (double)row * row;
    }
    pq = total(pq);
    qq = total(qq);
    if (threadIdx.x == 0) {
        pq_parts[blockIdx.x] = pq;
        qq_parts[blockIdx.x] = qq;
    }
}

// r -= alpha q, r'r and r'z. After trouble alpha is zero and the sums stay as they were.
// A direction without curvature shows a singular A if A annihilates it, else an indefinite one.
__global__ void subtract(int n, int k, double eps, const REAL* inverse,
                         const REAL* q, REAL* r, const double* pp_parts, const double* pq_parts,
                         const double* qq_parts, double* rr_parts, double* rz_parts, const double* rho, double* alpha,
                         double* largest, const int* stop, int* trouble) {
    if (stop[k]) return;
    double pp = gathered(pp_parts), pq = gathered(pq_parts), qq = gathered(qq_parts);
    double quotient = fmax(largest[k], fabs(pq) / pp), level = 10 * eps * quotient * pp;
    int why = 0;
    if (!isfinite(pq)) why = NONFINITE;
    else if (pq <= level) {
        bool null = pq >= -level && qq <= sqrt(eps) * quotient * quotient * pp;
        why = null ? INCONSISTENT : INDEFINITE_A;
    }
    double a = why ? 0 : rho[k] / pq;
    if (first_thread()) {
        alpha[k + 1] = a;
        largest[k + 1] = quotient;
        trouble[k + 1] = why;
    }
    if (why) return;
    REAL step = a;
    double rr = 0, rz = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) {
        REAL now = r[i] - step * q[i];
        r[i] = now;
        double square = (double)now * now;
        rr += square;
        rz += inverse ? inverse[i] * square : square;
    }
    rr = total(rr);
    rz = total(rz);
    if (threadIdx.x == 0) {
        rr_parts[blockIdx.x] = rr;
        rz_parts[blockIdx.x] = rz;
    }
}

}  // extern "C"
