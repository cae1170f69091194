/* Python, in the launcher's process: with nothing from its environment and no file of its own. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "launcher.h"

/* As archive.py has them, but for importers.py, which the interpreter finds in place of its own. */
static const char *const NAMES[FIRST] = {"__future__",      "encodings", "encodings.aliases", "encodings.utf_8",
                                         "_frozen_importlib_external", "vsphere_session_start"};
static const struct start *start;
extern const struct _frozen *_PyImport_FrozenBootstrap; /* CPython's own importers, by pycore_import.h */

PyMODINIT_FUNC PyInit__vsphere_session_crypto(void);

/* ---- what start.py gets: the module _launcher */

static PyObject *sum(PyObject *self, PyObject *bytes) {
    Py_buffer view;
    if (PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE)) return NULL;
    uint64_t found = checksum(view.buf, view.len);
    PyBuffer_Release(&view);
    return PyLong_FromUnsignedLongLong(found);
}

static PyObject *whole(PyObject *self, PyObject *nothing) {
    return PyBool_FromLong(is_whole());
}

static PyMethodDef METHODS[] = {
    {"is_whole", whole, METH_NOARGS, "is_whole() -> bool: whether the whole file is as it was built."},
    {"checksum", sum, METH_O, "checksum(bytes) -> int: as archive.py computes it."},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_launcher", NULL, -1, METHODS};

/* PyModule_Add takes what a step has made, and fails where that is nothing. */
static PyObject *make_module(void) {
    PyObject *module = PyModule_Create(&MODULE);
    const struct question *question = &start->question;
    const struct rlimit *limit = &start->core_limit;
    PyObject *limits = start->limits_core ? Py_BuildValue("LL", (long long)limit->rlim_cur, (long long)limit->rlim_max) : PyTuple_New(0);
    if (!module ||
        PyModule_Add(module, "image", PyMemoryView_FromMemory((char *)start->image, start->trailer.file_size, PyBUF_READ)) ||
        PyModule_Add(module, "index", Py_BuildValue("KK", start->trailer.index.offset, start->trailer.index.size)) ||
        PyModule_Add(module, "stdin", PyBytes_FromStringAndSize((char *)question->stdin_data, question->stdin_size)) ||
        PyModule_AddIntConstant(module, "stdin_ended", question->stdin_ended) ||
        PyModule_Add(module, "state", PyBytes_FromString(question->directory)) ||
        PyModule_Add(module, "question", PyBytes_FromStringAndSize((char *)question->digest, DIGEST)) ||
        PyModule_Add(module, "build", PyLong_FromUnsignedLongLong(start->trailer.checksum)) ||
        PyModule_Add(module, "started", PyFloat_FromDouble(start->started)) ||
        PyModule_Add(module, "core_filter", PyBytes_FromString(start->core_filter)) ||
        PyModule_Add(module, "core_limit", limits) ||
        PyModule_AddIntConstant(module, "ignored", start->ignored))
        return NULL;
    return module;
}

/* ---- */

static void check(PyStatus status) {
    if (!PyStatus_Exception(status)) return;
    check_whole();
    end_with(status.err_msg, "; see that the system has memory and random numbers (getrandom or /dev/urandom)");
}

void start_python(int argc, char **argv, const struct start *known) {
    static struct _frozen first[FIRST + 1];
    start = known;
    for (int i = 0; i < FIRST; i++) {
        first[i].name = NAMES[i];
        first[i].code = known->image + known->trailer.first[i].offset;
        first[i].size = (int)known->trailer.first[i].size;
        first[i].is_package = i == 1;
    }
    PyMemAllocatorEx memory = {NULL, memory_get, memory_get_zeroed, memory_resize, memory_give_back};
    PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &memory);
    PyImport_FrozenModules = first;
    /* Those that look into directories and archives are not there until the interpreter is: see importers.py. */
    const struct _frozen *importers = _PyImport_FrozenBootstrap;
    struct _frozen without[] = {importers[0], {NULL}};
    _PyImport_FrozenBootstrap = without;
    PyImport_AppendInittab("_launcher", make_module);
    PyImport_AppendInittab("_vsphere_session_crypto", PyInit__vsphere_session_crypto);

    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    check(Py_PreInitialize(&before));

    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.use_frozen_modules = 1;
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.install_signal_handlers = 0; /* the program installs its own */
    config.code_debug_ranges = 0;
    config.module_search_paths_set = 1;
    check(PyConfig_SetBytesString(&config, &config.executable, known->program));
    check(PyConfig_SetBytesString(&config, &config.base_executable, known->program));
    /* Places that are given are not looked for: neither beside this file nor where the building Python had its own. */
    wchar_t **places[] = {&config.home,        &config.prefix,           &config.base_prefix,
                          &config.exec_prefix, &config.base_exec_prefix, &config.stdlib_dir};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
        check(PyConfig_SetBytesString(&config, places[i], known->program));
    check(PyConfig_SetBytesArgv(&config, argc, argv));
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
    _PyImport_FrozenBootstrap = importers;
    PyGC_Disable(); /* until all that every answer needs is there: nothing of that is garbage */
    PyImport_ImportModule("vsphere_session_start"); /* which ends the process */
    check_whole();
    PyErr_Print();
}
