/* Reads a handwritten digit in integers only. Written by tenfold. */
#ifndef DIGIT_H
#define DIGIT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Takes an image of 28 rows of 28 pixels, 255 is ink, and returns the digit, from 0 to 9. The score of a digit is its
   logit times 65,536: the softmax of scores / 65536.0 gives the probabilities. */
int digit(const uint8_t image[784], int32_t scores[10]);

#ifdef __cplusplus
}
#endif

#endif
