/* SPDX-License-Identifier: MIT */
/* The contracts of the arithmetic that takes no loop, for Frama-C's WP: for all arguments. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*@ requires \valid(sum);
    assigns *sum;
    ensures \result <==> a + b <= SIZE_MAX;
    ensures *sum == (\result ? a + b : 0); */
static bool pario_i_size_add(size_t a, size_t b, size_t *sum);

/*@ requires \valid(product);
    assigns *product;
    ensures \result <==> a * b <= SIZE_MAX;
    ensures \result ? *product == a * b : *product == 0; */
static bool pario_i_size_multiply(size_t a, size_t b, size_t *product);

/*@ assigns \nothing;
    ensures \result <= a && \result <= b;
    ensures \result == a || \result == b; */
static size_t pario_i_min(size_t a, size_t b);

#define PARIO_IMPLEMENTATION
#include <pario.h>
