/* The elementwise chains of an update, each in one pass over memory; trainer/nn/native.py compiles and calls them.

   Numbers are float, or bfloat16 where `half` is set; all arithmetic is in float. Rows lie one after the other, the
   channels of a row in one piece. Every function works on tiles that stay in a core's first cache, and threads share
   tiles in a fixed order: the result does not depend on their number.

   `half` and the common widths are constants wherever these functions are expanded (see WIDTHS), so that the compiler
   sees loops of known length over plain memory, which it turns into vector instructions. The inner loops that must not
   be unrolled before that say so. */

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define EACH(i, count) for (int i = 0; i < (count); i++)
#define EACH_VECTOR(i, count) _Pragma("GCC unroll 1") EACH(i, count)
#define PRAGMA(text) _Pragma(#text)
#define SUM(total) PRAGMA(omp simd reduction(+ : total))
#define MAXIMUM(total) PRAGMA(omp simd reduction(max : total))
#define THREADS(work) PRAGMA(omp parallel for schedule(static) num_threads(threads) if ((work) > SMALL))

#define TILE 2048    /* numbers in a tile, 8 KiB of float; what a row may have but for a norm's */
#define WIDEST 16384 /* what a norm's row may have */
#define BINS 255     /* of a two-hot distribution */
#define SMALL 16384  /* numbers that one thread is done with before a second one has begun */
#define EPS 1e-4f    /* inside the root of every RMS norm */
#define UNIMIX 0.01f /* share of the uniform distribution in a categorical latent */

/* Numbers */

INLINE float from_bfloat16(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Rounds to nearest, ties to even; what is not a number stays so. */
INLINE uint16_t to_bfloat16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded;
}

INLINE float get(const void *from, long i, int half) {
    return half ? from_bfloat16(((const uint16_t *)from)[i]) : ((const float *)from)[i];
}

INLINE void put(void *to, long i, float value, int half) {
    if (half)
        ((uint16_t *)to)[i] = to_bfloat16(value);
    else
        ((float *)to)[i] = value;
}

INLINE void *at(const void *start, long i, int half) { return (char *)start + i * (half ? 2 : 4); }

INLINE void load(float *restrict to, const void *restrict from, int count, int half) {
    EACH(i, count) to[i] = get(from, i, half);
}

INLINE void store(void *restrict to, const float *restrict from, int count, int half) {
    EACH(i, count) put(to, i, from[i], half);
}

/* The larger one, or whichever is not a number. */
INLINE float larger(float a, float b) { return (b > a) | (b != b) ? b : a; }

/* 2^k times the exponential of what is left, by a polynomial in it (Cephes' expf); off by one unit in the last place.
   Both ends of the range stand for what lies beyond them; what is not a number stays so. */
INLINE float exponential(float x) {
    float clipped = x < 88.3f ? x : 88.3f;
    clipped = clipped > -87.3f ? clipped : -87.3f;
    float k = __builtin_rintf(clipped * 1.44269504f);
    float r = (clipped - k * 0.693359375f) + k * 2.12194440e-4f; /* ln 2 in two parts */
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits = (uint32_t)((int32_t)k + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return x != x ? x : p * power;
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

/* Near 0, where a difference of two numbers next to 1 would say nothing, by a polynomial (Cephes' tanhf). */
INLINE float hyperbolic_tangent(float x) {
    float square = x * x, p = -5.70498872745e-3f;
    p = p * square + 2.06390887954e-2f;
    p = p * square - 5.37397155531e-2f;
    p = p * square + 1.33314422036e-1f;
    p = p * square - 3.33332819422e-1f;
    return square < 0.390625f ? p * square * x + x : 2.0f * sigmoid(2.0f * x) - 1.0f;
}

/* RMS norm and SiLU */

INLINE int rows_of_tile(int width) { return width < TILE ? TILE / width : 1; }

/* x becomes x / rms(x); root is 1 / rms of each row. */
INLINE void norm(float *restrict x, float *restrict root, int rows, int width) {
    EACH(r, rows) {
        float sum = 0;
        SUM(sum) EACH(c, width) sum += x[r * width + c] * x[r * width + c];
        root[r] = 1.0f / __builtin_sqrtf(sum / width + EPS);
    }
    EACH(r, rows) EACH(c, width) x[r * width + c] *= root[r];
}

INLINE void forward(float *restrict x, const float *restrict scale, int rows, int width) {
    float root[TILE];
    norm(x, root, rows, width);
    EACH(r, rows) EACH(c, width) x[r * width + c] *= scale[c];
    EACH(i, rows * width) x[i] *= sigmoid(x[i]);
}

/* From x and the result's gradient: grad becomes that of x, and that of scale is added to grad_scale. */
INLINE void backward(float *restrict x, const float *restrict scale, float *restrict grad, float *restrict grad_scale,
                     int rows, int width) {
    float root[TILE], scaled[WIDEST];
    norm(x, root, rows, width);
    EACH(r, rows) EACH(c, width) scaled[r * width + c] = x[r * width + c] * scale[c];
    EACH(i, rows * width) {
        float s = sigmoid(scaled[i]);
        grad[i] *= s * (1.0f + scaled[i] * (1.0f - s));
    }
    EACH(r, rows) EACH(c, width) {
        grad_scale[c] += grad[r * width + c] * x[r * width + c];
        grad[r * width + c] *= scale[c];
    }
    EACH(r, rows) {
        float inner = 0;
        SUM(inner) EACH(c, width) inner += grad[r * width + c] * x[r * width + c];
        inner /= width;
        EACH(c, width) grad[r * width + c] = (grad[r * width + c] - x[r * width + c] * inner) * root[r];
    }
}

INLINE void rows_forward(const void *x, const float *scale, void *out, long rows, int threads, int width, int half) {
    int step = rows_of_tile(width);
    THREADS(rows * width)
    for (long start = 0; start < rows; start += step) {
        float tile[WIDEST];
        int count = rows - start < step ? rows - start : step;
        load(tile, at(x, start * width, half), count * width, half);
        forward(tile, scale, count, width);
        store(at(out, start * width, half), tile, count * width, half);
    }
}

INLINE void rows_backward(const void *x, const float *scale, const void *grad, void *out, float *parts, long rows,
                          long blocks, int threads, int width, int half) {
    int step = rows_of_tile(width);
    long each = (rows + blocks - 1) / blocks;
    THREADS(rows * width)
    for (long block = 0; block < blocks; block++) {
        long end = (block + 1) * each < rows ? (block + 1) * each : rows;
        float *part = parts + block * width;
        EACH(c, width) part[c] = 0;
        for (long start = block * each; start < end; start += step) {
            float tile[WIDEST], slope[WIDEST];
            int count = end - start < step ? end - start : step;
            load(tile, at(x, start * width, half), count * width, half);
            load(slope, at(grad, start * width, half), count * width, half);
            backward(tile, scale, slope, part, count, width);
            store(at(out, start * width, half), slope, count * width, half);
        }
    }
}

/* 2x2 max-pooling before them: `top` and `bottom` are two rows of pixels, out one of half as many */

INLINE void pool(const void *restrict top, const void *restrict bottom, float *restrict out, int pixels, int width,
                 int half) {
    float rows[2 * TILE];
    EACH(i, 2 * pixels * width) rows[i] = larger(get(top, i, half), get(bottom, i, half));
    EACH(p, pixels) {
        const float *left = rows + 2 * p * width, *right = left + width;
        EACH_VECTOR(c, width) out[p * width + c] = larger(left[c], right[c]);
    }
}

/* Hands the gradient of `pooled` to the winners of each window, in even shares; of none there is no number. */
INLINE void unpool(const void *restrict top, const void *restrict bottom, const float *restrict pooled,
                   const float *restrict grad, void *restrict top_out, void *restrict bottom_out, int pixels, int width,
                   int half) {
    float most[2 * TILE], share[2 * TILE];
    EACH(p, pixels) {
        float *left = most + 2 * p * width, *right = left + width;
        EACH_VECTOR(c, width) left[c] = right[c] = pooled[p * width + c];
    }
    EACH(i, 2 * pixels * width)
        share[i] = (get(top, i, half) == most[i] ? 1.0f : 0.0f) + (get(bottom, i, half) == most[i] ? 1.0f : 0.0f);
    EACH(p, pixels) {
        float *left = share + 2 * p * width, *right = left + width;
        EACH_VECTOR(c, width) left[c] = right[c] = grad[p * width + c] / (left[c] + right[c]);
    }
    EACH(i, 2 * pixels * width) put(top_out, i, (get(top, i, half) == most[i] ? 1.0f : 0.0f) * share[i], half);
    EACH(i, 2 * pixels * width) put(bottom_out, i, (get(bottom, i, half) == most[i] ? 1.0f : 0.0f) * share[i], half);
}

INLINE void pooled_forward(const void *x, const float *scale, void *out, long rows, int columns, int threads, int width,
                           int half) {
    int step = rows_of_tile(width);
    THREADS(rows * columns * width)
    for (long row = 0; row < rows; row++)
        for (int column = 0; column < columns; column += step) {
            float tile[TILE];
            int count = columns - column < step ? columns - column : step;
            long upper = (4 * row * columns + 2 * column) * width, lower = upper + 2 * columns * width;
            pool(at(x, upper, half), at(x, lower, half), tile, count, width, half);
            forward(tile, scale, count, width);
            store(at(out, (row * columns + column) * width, half), tile, count * width, half);
        }
}

INLINE void pooled_backward(const void *x, const float *scale, const void *grad, void *out, float *parts, long rows,
                            long blocks, int columns, int threads, int width, int half) {
    int step = rows_of_tile(width);
    long each = (rows + blocks - 1) / blocks;
    THREADS(rows * columns * width)
    for (long block = 0; block < blocks; block++) {
        long end = (block + 1) * each < rows ? (block + 1) * each : rows;
        float *part = parts + block * width;
        EACH(c, width) part[c] = 0;
        for (long row = block * each; row < end; row++)
            for (int column = 0; column < columns; column += step) {
                float pooled[TILE], tile[TILE], slope[TILE];
                int count = columns - column < step ? columns - column : step;
                long upper = (4 * row * columns + 2 * column) * width, lower = upper + 2 * columns * width;
                pool(at(x, upper, half), at(x, lower, half), pooled, count, width, half);
                memcpy(tile, pooled, sizeof(float) * count * width);
                load(slope, at(grad, (row * columns + column) * width, half), count * width, half);
                backward(tile, scale, slope, part, count, width);
                unpool(at(x, upper, half), at(x, lower, half), pooled, slope, at(out, upper, half),
                       at(out, lower, half), count, width, half);
            }
    }
}

/* The recurrent step's gates: reset, candidate and update of a block are `width` numbers each, one after the other.
   Those of row n and block b begin at n * by_row + b * by_block; deter has its blocks side by side. */

/* Of one block: what the gates are made of. `candidate` is what reset leaves of `proposed`. */
INLINE void gates_of(const void *from, float *restrict reset, float *restrict proposed, float *restrict candidate,
                     float *restrict update, int width, int half) {
    load(reset, from, width, half);
    load(proposed, at(from, width, half), width, half);
    load(update, at(from, 2 * width, half), width, half);
    EACH(i, width) {
        reset[i] = sigmoid(reset[i]);
        candidate[i] = hyperbolic_tangent(reset[i] * proposed[i]);
        update[i] = sigmoid(update[i] - 1.0f);
    }
}

INLINE void gates_forward(const void *gates, const void *deter, void *out, long rows, int blocks, int width,
                          long by_row, long by_block, int threads, int half) {
    THREADS(rows * blocks * width)
    for (long pair = 0; pair < rows * blocks; pair++) {
        float reset[TILE], proposed[TILE], candidate[TILE], update[TILE], state[TILE];
        gates_of(at(gates, pair / blocks * by_row + pair % blocks * by_block, half), reset, proposed, candidate, update,
                 width, half);
        load(state, at(deter, pair * width, half), width, half);
        EACH(i, width) state[i] += update[i] * (candidate[i] - state[i]);
        store(at(out, pair * width, half), state, width, half);
    }
}

INLINE void gates_backward(const void *gates, const void *deter, const void *grad, void *grad_gates, void *grad_deter,
                           long rows, int blocks, int width, long by_row, long by_block, int threads, int half) {
    THREADS(rows * blocks * width)
    for (long pair = 0; pair < rows * blocks; pair++) {
        float reset[TILE], proposed[TILE], candidate[TILE], update[TILE], state[TILE], slope[TILE];
        long place = pair / blocks * by_row + pair % blocks * by_block;
        gates_of(at(gates, place, half), reset, proposed, candidate, update, width, half);
        load(state, at(deter, pair * width, half), width, half);
        load(slope, at(grad, pair * width, half), width, half);
        EACH(i, width) {
            float inner = slope[i] * update[i] * (1.0f - candidate[i] * candidate[i]);
            float of_update = slope[i] * (candidate[i] - state[i]) * update[i] * (1.0f - update[i]);
            state[i] = slope[i] * (1.0f - update[i]);
            update[i] = of_update;
            candidate[i] = inner * reset[i];
            reset[i] = inner * proposed[i] * reset[i] * (1.0f - reset[i]);
        }
        store(at(grad_gates, place, half), reset, width, half);
        store(at(grad_gates, place + width, half), candidate, width, half);
        store(at(grad_gates, place + 2 * width, half), update, width, half);
        store(at(grad_deter, pair * width, half), state, width, half);
    }
}

/* Distributions */

/* x becomes exp(x - its largest), whose sum is returned; `most` is that largest. */
INLINE float exponentials(float *restrict x, float *restrict most, int width) {
    float top = x[0], sum = 0;
    MAXIMUM(top) EACH(c, width) top = x[c] > top ? x[c] : top;
    EACH(c, width) x[c] = exponential(x[c] - top);
    SUM(sum) EACH(c, width) sum += x[c];
    *most = top;
    return sum;
}

/* Bins mirror each other, so the two sides are subtracted first: symmetric logits give exactly 0. */
INLINE void twohot_means(const void *logits, const float *bins, float *out, long rows, int threads, int half) {
    THREADS(rows * BINS)
    for (long row = 0; row < rows; row++) {
        float x[BINS], most, mean = 0;
        load(x, at(logits, row * BINS, half), BINS, half);
        float sum = exponentials(x, &most, BINS);
        SUM(mean) EACH(c, BINS / 2) mean += (x[BINS - 1 - c] - x[c]) * bins[BINS - 1 - c];
        out[row] = mean / sum;
    }
}

INLINE void twohot_forward(const void *logits, const int64_t *columns, const float *shares, float *out, long rows,
                           int count, int threads, int half) {
    THREADS(rows * BINS)
    for (long row = 0; row < rows; row++) {
        float x[BINS], most, loss = 0;
        const void *from = at(logits, row * BINS, half);
        load(x, from, BINS, half);
        float total = exponentials(x, &most, BINS);
        total = most + __builtin_logf(total);
        EACH(k, count) loss += shares[row * count + k] * (total - get(from, columns[row * count + k], half));
        out[row] = loss;
    }
}

INLINE void twohot_backward(const void *logits, const int64_t *columns, const float *shares, const float *grad,
                            void *out, long rows, int count, int threads, int half) {
    THREADS(rows * BINS)
    for (long row = 0; row < rows; row++) {
        float x[BINS], most, whole = 0;
        load(x, at(logits, row * BINS, half), BINS, half);
        float sum = exponentials(x, &most, BINS);
        EACH(k, count) whole += shares[row * count + k] * grad[row];
        EACH(c, BINS) x[c] *= whole / sum;
        EACH(k, count) x[columns[row * count + k]] -= shares[row * count + k] * grad[row];
        store(at(out, row * BINS, half), x, BINS, half);
    }
}

/* The class at which the cumulative distribution, one per cent of it uniform, passes the noise. */
INLINE void draws(const void *logits, const float *noise, int64_t *out, long rows, int threads, int width, int half) {
    int step = rows_of_tile(width);
    THREADS(rows * width)
    for (long start = 0; start < rows; start += step) {
        float x[TILE];
        int count = rows - start < step ? rows - start : step;
        load(x, at(logits, start * width, half), count * width, half);
        EACH(r, count) {
            float top = x[r * width];
            MAXIMUM(top) EACH(c, width) top = x[r * width + c] > top ? x[r * width + c] : top;
            EACH_VECTOR(c, width) x[r * width + c] -= top;
        }
        EACH(i, count * width) x[i] = exponential(x[i]);
        EACH(r, count) {
            float sum = 0, reached = 0;
            SUM(sum) EACH(c, width) sum += x[r * width + c];
            float factor = (1.0f - UNIMIX) / sum;
            EACH(c, width) x[r * width + c] = reached += x[r * width + c] * factor + UNIMIX / width;
            float threshold = reached * noise[start + r];
            int drawn = 0;
            EACH(c, width) drawn += x[r * width + c] <= threshold;
            out[start + r] = drawn < width ? drawn : width - 1;
        }
    }
}

/* Pictures: logits in phase order, (rows, columns, 2, 2, 3) a frame, beside bytes in the order of a picture */

/* The bytes of one row of phases, as numbers from 0 to 1, in the order of the logits. */
INLINE void phases_of(const uint8_t *restrict picture, float *restrict out, int columns) {
    EACH(column, columns) EACH(a, 2) {
        const uint8_t *from = picture + (a * 2 * columns + 2 * column) * 3;
        EACH(i, 6) out[column * 12 + a * 6 + i] = from[i] / 255.0f;
    }
}

INLINE void picture_forward(const float *logits, const uint8_t *target, float *out, long frames, int rows,
                            int columns, int threads) {
    int count = columns * 12;
    THREADS(frames * rows * count)
    for (long frame = 0; frame < frames; frame++) {
        float sum = 0;
        EACH(row, rows) {
            float wanted[TILE];
            long start = (frame * rows + row) * count;
            phases_of(target + start, wanted, columns);
            SUM(sum) EACH(i, count) {
                float error = sigmoid(logits[start + i]) - wanted[i];
                sum += error * error;
            }
        }
        out[frame] = sum;
    }
}

INLINE void picture_backward(const float *logits, const uint8_t *target, const float *grad, float *out, long frames,
                             int rows, int columns, int threads) {
    int count = columns * 12;
    THREADS(frames * rows * count)
    for (long frame = 0; frame < frames; frame++)
        EACH(row, rows) {
            float wanted[TILE];
            long start = (frame * rows + row) * count;
            const float *restrict from = logits + start;
            float *restrict to = out + start;
            phases_of(target + start, wanted, columns);
            EACH(i, count) {
                float mean = sigmoid(from[i]);
                to[i] = 2.0f * grad[frame] * (mean - wanted[i]) * mean * (1.0f - mean);
            }
        }
}

/* What is called from outside: each of the above for both types, and for the widths of small layers */

#define TYPES(call, ...) \
    if (half) \
        call(__VA_ARGS__, 1); \
    else \
        call(__VA_ARGS__, 0)

#define WIDTHS(call, ...) \
    switch (width) { \
        case 4: TYPES(call, __VA_ARGS__, 4); break; \
        case 8: TYPES(call, __VA_ARGS__, 8); break; \
        case 12: TYPES(call, __VA_ARGS__, 12); break; \
        case 16: TYPES(call, __VA_ARGS__, 16); break; \
        case 24: TYPES(call, __VA_ARGS__, 24); break; \
        case 32: TYPES(call, __VA_ARGS__, 32); break; \
        case 48: TYPES(call, __VA_ARGS__, 48); break; \
        case 64: TYPES(call, __VA_ARGS__, 64); break; \
        default: TYPES(call, __VA_ARGS__, width); \
    }

void norm_silu(const void *x, const float *scale, void *out, long rows, long width, long half, long threads) {
    WIDTHS(rows_forward, x, scale, out, rows, threads)
}

void norm_silu_back(const void *x, const float *scale, const void *grad, void *out, float *parts, long rows,
                    long blocks, long width, long half, long threads) {
    WIDTHS(rows_backward, x, scale, grad, out, parts, rows, blocks, threads)
}

void pool_norm_silu(const void *x, const float *scale, void *out, long rows, long columns, long width, long half,
                    long threads) {
    WIDTHS(pooled_forward, x, scale, out, rows, columns, threads)
}

void pool_norm_silu_back(const void *x, const float *scale, const void *grad, void *out, float *parts, long rows,
                         long blocks, long columns, long width, long half, long threads) {
    WIDTHS(pooled_backward, x, scale, grad, out, parts, rows, blocks, columns, threads)
}

void gated(const void *gates, const void *deter, void *out, long rows, long blocks, long width, long by_row,
           long by_block, long half, long threads) {
    TYPES(gates_forward, gates, deter, out, rows, blocks, width, by_row, by_block, threads);
}

void gated_back(const void *gates, const void *deter, const void *grad, void *grad_gates, void *grad_deter, long rows,
                long blocks, long width, long by_row, long by_block, long half, long threads) {
    TYPES(gates_backward, gates, deter, grad, grad_gates, grad_deter, rows, blocks, width, by_row, by_block, threads);
}

void picture_error(const float *logits, const uint8_t *target, float *out, long frames, long rows, long columns,
                   long threads) {
    picture_forward(logits, target, out, frames, rows, columns, threads);
}

void picture_error_back(const float *logits, const uint8_t *target, const float *grad, float *out, long frames,
                        long rows, long columns, long threads) {
    picture_backward(logits, target, grad, out, frames, rows, columns, threads);
}

void twohot_mean(const void *logits, const float *bins, float *out, long rows, long half, long threads) {
    TYPES(twohot_means, logits, bins, out, rows, threads);
}

void twohot_loss(const void *logits, const int64_t *columns, const float *shares, float *out, long rows, long count,
                 long half, long threads) {
    TYPES(twohot_forward, logits, columns, shares, out, rows, count, threads);
}

void twohot_loss_back(const void *logits, const int64_t *columns, const float *shares, const float *grad, void *out,
                      long rows, long count, long half, long threads) {
    TYPES(twohot_backward, logits, columns, shares, grad, out, rows, count, threads);
}

void draw(const void *logits, const float *noise, int64_t *out, long rows, long width, long half, long threads) {
    WIDTHS(draws, logits, noise, out, rows, threads)
}
