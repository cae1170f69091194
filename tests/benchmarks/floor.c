/* The floor: without arguments, the least that a program can do. With some, it runs them as a program and says on stderr
   how much memory that took, in KiB: a process begins with the memory of the one that started it in the books. */

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 2) return write(1, "hello\n", 6) != 6;
    int status;
    struct rusage used;
    pid_t child = fork();
    if (!child) {
        execv(argv[1], argv + 1);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child) return 70;
    fprintf(stderr, "%ld", used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 70;
}
