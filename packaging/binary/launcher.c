/* The single file: a Python in an executable that carries all modules behind itself.

   Nothing is unpacked at a start. What follows the ELF image is mapped; archive.py says how it is laid out, and
   start.py, the first Python code to run, finds modules there. Linux only. */

#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "launcher.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FIRST 5 /* what Python has to find before start.py can, and start.py itself */

struct span {
    uint64_t offset, size;
};

struct trailer { /* little-endian; archive.py writes it at the very end */
    struct span early; /* what every answer needs; checked at every start */
    uint64_t checksum; /* of that */
    struct span first[FIRST];
    struct span index; /* within early */
    uint64_t file_size;
    uint64_t own_checksum; /* of all of this before it */
    char magic[16];
};

static const char MAGIC[16] = "vsphere-session";
static const char *const NAMES[FIRST] = {"__future__", "encodings", "encodings.aliases", "encodings.utf_8", "vsphere_session_start"};

static const unsigned char *image;
static struct trailer trailer;
static char program[4096];
static const char *name_of_call = "";
static struct question question;
static double started; /* when, by the clock that never jumps */
static char core_filter[32]; /* what it was before */
static struct rlimit core_limit; /* likewise */
static int limits_core;
static unsigned ignored; /* signals that the caller ignores and this program handles, by their bits */

static _Noreturn void give_up(const char *what) {
    fprintf(stderr, "vsphere-session: %s; get the file again\n", what);
    if (!strstr(name_of_call, "credential")) /* other protocols have nothing on stdout then */
        printf("{\"error\": \"internal\", \"message\": \"%s; get the file again\"}\n", what);
    exit(70);
}

static int inside(struct span part) {
    return part.offset <= trailer.file_size && part.size <= trailer.file_size - part.offset;
}

/* Map the whole file; the pages of what is not used are never read. */
static void map_image(void) {
    const char *name = "/proc/self/exe";
    int file = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t length = readlink(name, program, sizeof program - 1);
    if (file < 0) { /* no /proc here */
        name = (const char *)getauxval(AT_EXECFN);
        file = open(name, O_RDONLY | O_CLOEXEC);
    }
    if (length < 0) length = snprintf(program, sizeof program, "%s", name);
    program[length] = 0;
    struct stat about;
    if (file < 0 || fstat(file, &about)) give_up("the program cannot read its own file");
    if ((uint64_t)about.st_size < sizeof trailer) give_up("the program's file is cut short");
    image = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (image == MAP_FAILED) give_up("the program cannot map its own file");
    close(file);
    memcpy(&trailer, image + about.st_size - sizeof trailer, sizeof trailer);
    if (memcmp(trailer.magic, MAGIC, sizeof MAGIC)) give_up("the program's file is cut short");
    if (checksum((unsigned char *)&trailer, offsetof(struct trailer, own_checksum)) != trailer.own_checksum)
        give_up("the program's file is damaged");
    if (trailer.file_size != (uint64_t)about.st_size) give_up("the program's file is cut short");
    if (!inside(trailer.early) || !inside(trailer.index) ||
        checksum(image + trailer.early.offset, trailer.early.size) != trailer.checksum)
        give_up("the program's file is damaged");
    for (int i = 0; i < FIRST; i++)
        if (!inside(trailer.first[i])) give_up("the program's file is damaged");
}

/* ---- what start.py gets: the module _launcher */

static PyObject *load(PyObject *self, PyObject *path) {
    const char *text = PyUnicode_AsUTF8(path);
    if (!text) return NULL;
    if (!dlopen(text, RTLD_NOW | RTLD_LOCAL)) return PyErr_Format(PyExc_ImportError, "%s", dlerror());
    Py_RETURN_NONE;
}

static PyObject *sum(PyObject *self, PyObject *bytes) {
    Py_buffer view;
    if (PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE)) return NULL;
    uint64_t found = checksum(view.buf, view.len);
    PyBuffer_Release(&view);
    return PyLong_FromUnsignedLongLong(found);
}

static PyMethodDef METHODS[] = {
    {"load", load, METH_O, "load(path): load a shared library that modules will look for by its name."},
    {"checksum", sum, METH_O, "checksum(bytes) -> int: as archive.py computes it."},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_launcher", NULL, -1, METHODS};

static PyObject *make_module(void) {
    PyObject *module = PyModule_Create(&MODULE);
    if (!module) return NULL;
    PyObject *view = PyMemoryView_FromMemory((char *)image, trailer.file_size, PyBUF_READ);
    if (!view || PyModule_AddObject(module, "image", view)) return NULL;
    PyObject *index = Py_BuildValue("KK", trailer.index.offset, trailer.index.size);
    if (!index || PyModule_AddObject(module, "index", index)) return NULL;
    PyObject *read = PyBytes_FromStringAndSize((char *)question.stdin_data, question.stdin_size);
    if (!read || PyModule_AddObject(module, "stdin", read)) return NULL;
    if (PyModule_AddIntConstant(module, "stdin_ended", question.stdin_ended)) return NULL;
    PyObject *state = PyBytes_FromString(question.directory);
    if (!state || PyModule_AddObject(module, "state", state)) return NULL;
    PyObject *digest = PyBytes_FromStringAndSize((char *)question.digest, DIGEST);
    if (!digest || PyModule_AddObject(module, "question", digest)) return NULL;
    PyObject *build = PyLong_FromUnsignedLongLong(trailer.checksum);
    if (!build || PyModule_AddObject(module, "build", build)) return NULL;
    PyObject *since = PyFloat_FromDouble(started);
    if (!since || PyModule_AddObject(module, "started", since)) return NULL;
    PyObject *filter = PyBytes_FromString(core_filter);
    if (!filter || PyModule_AddObject(module, "core_filter", filter)) return NULL;
    PyObject *limit = limits_core ? Py_BuildValue("LL", (long long)core_limit.rlim_cur, (long long)core_limit.rlim_max) : PyTuple_New(0);
    if (!limit || PyModule_AddObject(module, "core_limit", limit)) return NULL;
    if (PyModule_AddIntConstant(module, "ignored", ignored)) return NULL;
    return module;
}

/* ---- Python, with nothing from its environment and no file of its own */

static _Noreturn void stop(PyStatus status) {
    Py_ExitStatusException(status);
}

#define TRY(step)                                        \
    do {                                                 \
        PyStatus status = (step);                        \
        if (PyStatus_Exception(status)) stop(status);    \
    } while (0)

static void start_python(int argc, char **argv) {
    static struct _frozen first[FIRST + 1];
    for (int i = 0; i < FIRST; i++) {
        first[i].name = NAMES[i];
        first[i].code = image + trailer.first[i].offset;
        first[i].size = (int)trailer.first[i].size;
        first[i].is_package = i == 1;
    }
    PyImport_FrozenModules = first;
    PyImport_AppendInittab("_launcher", make_module);

    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    TRY(Py_PreInitialize(&before));

    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.use_frozen_modules = 1;
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.install_signal_handlers = 0; /* the program installs its own */
    config.code_debug_ranges = 0;
    config.module_search_paths_set = 1;
    TRY(PyConfig_SetBytesString(&config, &config.executable, program));
    TRY(PyConfig_SetBytesString(&config, &config.base_executable, program));
    /* Places that are given are not looked for: neither beside this file nor where the building Python had its own. */
    wchar_t **places[] = {&config.home,        &config.prefix,           &config.base_prefix,
                          &config.exec_prefix, &config.base_exec_prefix, &config.stdlib_dir};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
        TRY(PyConfig_SetBytesString(&config, places[i], program));
    TRY(PyConfig_SetBytesArgv(&config, argc, argv));
    TRY(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
}

/* Nothing has been begun yet that would have to be ended. */
static void end(int number) {
    _exit(128 + number);
}

/* What the caller ignores stays ignored; core_dumps.py and signals.py are told what was. */
static void handle(int number, void (*handler)(int)) {
    struct sigaction before;
    if (sigaction(number, NULL, &before) || before.sa_handler == SIG_IGN)
        ignored |= 1u << number;
    else
        signal(number, handler);
}

/* A core file would hold a password that was read from stdin, or is in a variable: without memory still in registers. */
static void forbid_cores(void) {
    int file = open("/proc/self/coredump_filter", O_RDWR | O_CLOEXEC);
    int done = file >= 0 && read(file, core_filter, sizeof core_filter - 1) > 0 && write(file, "0", 1) == 1;
    if (file >= 0) close(file);
    if (!done) *core_filter = 0;
    /* 1: also where cores are piped to a program, which no other limit stops */
    if (getrlimit(RLIMIT_CORE, &core_limit)) return;
    struct rlimit none = {core_limit.rlim_max ? 1 : 0, core_limit.rlim_max};
    limits_core = !setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    started = now.tv_sec + now.tv_nsec / 1e9;
    forbid_cores();
    handle(SIGINT, end); /* until Python has its own handlers */
    handle(SIGTERM, end);
    if (argc > 0) name_of_call = argv[0];
    map_image();
    handle(SIGPIPE, SIG_IGN); /* a reader that has gone is an answer's failure, and not the end of the process */
    handle(SIGXFSZ, SIG_IGN);
    answer_again(argc, argv, trailer.checksum, &question);
    start_python(argc, argv);
    PyImport_ImportModule("vsphere_session_start"); /* which ends the process */
    PyErr_Print();
    return 70;
}
