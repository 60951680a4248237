/* Reads images from standard input; writes ten scores and the answer for each to standard output. On a microcontroller,
   for which there is no C library here, the emulator provides the input and output. */
#include <stdint.h>

int digit(const uint8_t image[784], int32_t scores[10]);

#ifdef __arm__ /* emulated by qemu-system-arm, with semihosting */
enum { OPEN = 0x01, WRITE = 0x05, READ = 0x06, EXIT = 0x18, EXITED = 0x20026 };

static uint32_t call(uint32_t operation, const void *parameters)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = parameters;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static int all(uint32_t operation, const void *data, uint32_t bytes)
{
    uint32_t console[] = {(uint32_t) ":tt", operation == READ ? 0 : 4, 3}; /* name, mode, and length of the name */
    uint32_t parameters[] = {call(OPEN, console), (uint32_t)data, bytes};
    for (uint32_t left; parameters[2]; parameters[1] += parameters[2] - left, parameters[2] = left)
        if ((left = call(operation, parameters)) == parameters[2])
            return 0;
    return 1;
}

#define TAKE(data) all(READ, data, sizeof data)
#define GIVE(data) all(WRITE, data, sizeof data)
#define MAIN void _start(void)
#define END call(EXIT, (void *)EXITED)
void _start(void);
__attribute__((section(".vectors"), used)) static void *const vectors[] = {(void *)0x20004000, _start}; /* 16 kB */
#elif defined __riscv /* emulated by qemu-riscv32, as under Linux */
enum { READ = 63, WRITE = 64, EXIT = 93 };

static int call(int number, int file, const void *data, int bytes)
{
    register int a7 __asm__("a7") = number, a0 __asm__("a0") = file, a2 __asm__("a2") = bytes;
    register const void *a1 __asm__("a1") = data;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}

static int all(int number, int file, const char *data, int bytes)
{
    for (int n; bytes; data += n, bytes -= n)
        if ((n = call(number, file, data, bytes)) <= 0)
            return 0;
    return 1;
}

#define TAKE(data) all(READ, 0, (char *)data, sizeof data)
#define GIVE(data) all(WRITE, 1, (char *)data, sizeof data)
#define MAIN void _start(void)
#define END call(EXIT, 0, 0, 0)
#else
#include <stdio.h>
#define TAKE(data) fread(data, sizeof data, 1, stdin)
#define GIVE(data) fwrite(data, sizeof data, 1, stdout)
#define MAIN int main(void)
#define END return 0
#endif

MAIN
{
    static uint8_t image[784];
    static int32_t found[11];
    while (TAKE(image)) {
        found[10] = digit(image, found);
        GIVE(found);
    }
    END;
}
