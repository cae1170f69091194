/* The module _vsphere_session_crypto: what the single file needs of cryptography, by the OpenSSL that is linked into it.

   It does what helper/vsphere_session/crypto/interface.py lists, and AES-128-CBC for the Secret Service's transport
   (cryptography_names.py). Nothing is ever asked on a terminal, and no text of an error has any of the input in it.
   OpenSSL's queue of errors is shared with `ssl`, so each function leaves it empty. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

enum { GCM_KEY = 32, GCM_NONCE = 12, GCM_TAG = 16, CBC_KEY = 16, CBC_BLOCK = 16, LEAST_RSA = 1024, MOST_RSA = 16384 };
static const char KEY[] = "_vsphere_session_crypto.key";

static PyObject *failed(PyObject *kind, const char *what) {
    ERR_clear_error();
    PyErr_SetString(kind, what);
    return NULL;
}

/* ---- AES */

struct parts { /* of one call; what is not there is empty */
    Py_buffer key, iv, data, associated;
};

static void release(struct parts *parts) {
    Py_buffer *all[] = {&parts->key, &parts->iv, &parts->data, &parts->associated};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->obj) PyBuffer_Release(all[i]);
}

/* Encrypt or decrypt `size` bytes of data into `out`, and make or check `tag` (GCM only). 1, or 0 with nothing in `out`. */
static int transform(const EVP_CIPHER *cipher, int encrypting, struct parts *parts, int size, unsigned char *tag,
                     unsigned char *out) {
    int done = 0, last = 0, ok = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context && EVP_CipherInit_ex2(context, cipher, parts->key.buf, parts->iv.buf, encrypting, NULL) &&
        EVP_CIPHER_CTX_set_padding(context, 0)) {
        ok = 1;
        if (parts->associated.len)
            ok = EVP_CipherUpdate(context, NULL, &done, parts->associated.buf, (int)parts->associated.len);
        done = 0;
        if (ok && size) ok = EVP_CipherUpdate(context, out, &done, parts->data.buf, size);
        if (ok && tag && !encrypting) ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, tag);
        ok = ok && EVP_CipherFinal_ex(context, out + done, &last) > 0 && done + last == size;
        if (ok && tag && encrypting) ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, tag);
    }
    EVP_CIPHER_CTX_free(context); /* cleanses what it knows of the key */
    ERR_clear_error();
    if (ok <= 0) OPENSSL_cleanse(out, size);
    return ok > 0;
}

static PyObject *gcm(PyObject *args, int encrypting) {
    struct parts parts = {0};
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*y*y*", &parts.key, &parts.iv, &parts.data, &parts.associated)) return NULL;
    Py_ssize_t size = encrypting ? parts.data.len : parts.data.len - GCM_TAG;
    if (parts.key.len != GCM_KEY || parts.iv.len != GCM_NONCE) {
        failed(PyExc_ValueError, "AES-256-GCM takes a key of 32 bytes and a nonce of 12");
    } else if (size > INT_MAX - GCM_TAG || parts.associated.len > INT_MAX) {
        failed(PyExc_ValueError, "there is too much to encrypt or decrypt at once");
    } else if (size < 0) { /* not even a tag */
        result = Py_NewRef(Py_None);
    } else if ((result = PyBytes_FromStringAndSize(NULL, size + (encrypting ? GCM_TAG : 0)))) {
        unsigned char *out = (unsigned char *)PyBytes_AS_STRING(result);
        unsigned char *tag = encrypting ? out + size : (unsigned char *)parts.data.buf + size;
        if (!transform(EVP_aes_256_gcm(), encrypting, &parts, (int)size, tag, out)) {
            Py_DECREF(result);
            result = encrypting ? failed(PyExc_RuntimeError, "OpenSSL cannot encrypt by AES-256-GCM") : Py_NewRef(Py_None);
        }
    }
    release(&parts);
    return result;
}

static PyObject *cbc(PyObject *args, int encrypting) {
    struct parts parts = {0};
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*y*", &parts.key, &parts.iv, &parts.data)) return NULL;
    if (parts.key.len != CBC_KEY || parts.iv.len != CBC_BLOCK) {
        failed(PyExc_ValueError, "AES-128-CBC takes a key and an initialization vector of 16 bytes each");
    } else if (parts.data.len % CBC_BLOCK || parts.data.len > INT_MAX - CBC_BLOCK) {
        failed(PyExc_ValueError, "AES-128-CBC takes whole blocks of 16 bytes");
    } else if ((result = PyBytes_FromStringAndSize(NULL, parts.data.len))) {
        unsigned char *out = (unsigned char *)PyBytes_AS_STRING(result);
        if (!transform(EVP_aes_128_cbc(), encrypting, &parts, (int)parts.data.len, NULL, out)) {
            Py_DECREF(result);
            result = failed(PyExc_RuntimeError, "OpenSSL has no AES-128-CBC");
        }
    }
    release(&parts);
    return result;
}

static PyObject *encrypt_gcm(PyObject *Py_UNUSED(module), PyObject *args) { return gcm(args, 1); }
static PyObject *decrypt_gcm(PyObject *Py_UNUSED(module), PyObject *args) { return gcm(args, 0); }
static PyObject *encrypt_cbc(PyObject *Py_UNUSED(module), PyObject *args) { return cbc(args, 1); }
static PyObject *decrypt_cbc(PyObject *Py_UNUSED(module), PyObject *args) { return cbc(args, 0); }

/* ---- RSA keys, held in a capsule that nobody can look into */

struct passphrase {
    const char *text; /* NULL if there is none */
    Py_ssize_t size;
    int asked_for;
};

/* What OpenSSL calls for a passphrase; with this in its place it never asks on a terminal. */
static int give_passphrase(char *buffer, int room, int writing, void *data) {
    struct passphrase *passphrase = data;
    passphrase->asked_for = 1;
    if (writing || !passphrase->text || passphrase->size > room) return -1;
    memcpy(buffer, passphrase->text, passphrase->size);
    return (int)passphrase->size;
}

/* Why no key could be read, in one of the words of interface.py; by what OpenSSL has in its queue of errors. */
static const char *why_no_key(const struct passphrase *passphrase) {
    unsigned long code;
    const char *why = !passphrase->asked_for ? "damaged" : passphrase->text ? "wrong passphrase" : "no passphrase";
    while ((code = ERR_get_error())) {
        int library = ERR_GET_LIB(code), reason = ERR_GET_REASON(code);
        if ((library == ERR_LIB_PEM && reason == PEM_R_UNSUPPORTED_ENCRYPTION) ||
            (library == ERR_LIB_EVP && (reason == ERR_R_UNSUPPORTED || reason == EVP_R_UNKNOWN_PBE_ALGORITHM ||
                                        reason == EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION)))
            why = "unsupported";
    }
    return why;
}

static void free_key(PyObject *capsule) {
    EVP_PKEY_free(PyCapsule_GetPointer(capsule, KEY)); /* cleanses what is private in it */
}

/* Sign, or verify what is in `signature`: RSASSA-PKCS1-v1_5 with SHA-256. Whether that went well. */
static int rsa_sha256(EVP_PKEY *key, int signing, const void *data, size_t size, void *signature, size_t length) {
    EVP_PKEY_CTX *parameters = NULL; /* the context's */
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = context && (signing ? EVP_DigestSignInit : EVP_DigestVerifyInit)(context, &parameters, EVP_sha256(), NULL, key) > 0 &&
             EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) > 0 &&
             (signing ? EVP_DigestSign(context, signature, &length, data, size)
                      : EVP_DigestVerify(context, signature, length, data, size)) > 0;
    EVP_MD_CTX_free(context);
    return ok;
}

/* Whether a signature by the private half is one for the public half; to check the numbers themselves takes 50 times as long. */
static int is_sound(EVP_PKEY *key) {
    unsigned char signature[MOST_RSA / 8];
    size_t length = EVP_PKEY_get_size(key);
    return rsa_sha256(key, 1, KEY, sizeof KEY, signature, length) && rsa_sha256(key, 0, KEY, sizeof KEY, signature, length);
}

/* NULL for what is too long to be a PEM. */
static BIO *read_from(const Py_buffer *pem) {
    return pem->len <= INT_MAX ? BIO_new_mem_buf(pem->buf, (int)pem->len) : NULL;
}

static PyObject *load_private_key(PyObject *Py_UNUSED(module), PyObject *args) {
    Py_buffer pem, text = {0};
    PyObject *given, *result = NULL;
    struct passphrase passphrase = {0};
    if (!PyArg_ParseTuple(args, "y*O", &pem, &given)) return NULL;
    if (given != Py_None && PyObject_GetBuffer(given, &text, PyBUF_SIMPLE)) {
        PyBuffer_Release(&pem);
        return NULL;
    }
    if (given != Py_None) passphrase.text = text.len ? text.buf : "";
    passphrase.size = text.len;
    ERR_clear_error();
    BIO *input = read_from(&pem);
    EVP_PKEY *key = input ? PEM_read_bio_PrivateKey(input, NULL, give_passphrase, &passphrase) : NULL;
    BIO_free(input);
    if (!key) {
        failed(PyExc_ValueError, why_no_key(&passphrase));
    } else if (!EVP_PKEY_is_a(key, "RSA")) {
        failed(PyExc_ValueError, "not rsa");
    } else if (EVP_PKEY_get_bits(key) < LEAST_RSA) {
        failed(PyExc_ValueError, "weak");
    } else if (EVP_PKEY_get_bits(key) > MOST_RSA || !is_sound(key)) {
        failed(PyExc_ValueError, "damaged");
    } else if ((result = PyCapsule_New(key, KEY, free_key))) {
        key = NULL; /* the capsule's now */
    }
    EVP_PKEY_free(key);
    if (text.obj) PyBuffer_Release(&text);
    PyBuffer_Release(&pem);
    ERR_clear_error();
    return result;
}

static PyObject *sign(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *capsule, *result = NULL;
    Py_buffer data;
    if (!PyArg_ParseTuple(args, "Oy*", &capsule, &data)) return NULL;
    EVP_PKEY *key = PyCapsule_GetPointer(capsule, KEY);
    if (key && (result = PyBytes_FromStringAndSize(NULL, EVP_PKEY_get_size(key))) &&
        !rsa_sha256(key, 1, data.buf, data.len, PyBytes_AS_STRING(result), PyBytes_GET_SIZE(result))) {
        Py_DECREF(result);
        result = failed(PyExc_RuntimeError, "OpenSSL cannot sign by RSA with SHA-256");
    }
    PyBuffer_Release(&data);
    ERR_clear_error();
    return result;
}

static PyObject *belongs_to(PyObject *Py_UNUSED(module), PyObject *args) {
    PyObject *capsule, *result = NULL;
    Py_buffer pem;
    struct passphrase none = {0};
    if (!PyArg_ParseTuple(args, "Oy*", &capsule, &pem)) return NULL;
    EVP_PKEY *key = PyCapsule_GetPointer(capsule, KEY);
    if (key) {
        BIO *input = read_from(&pem);
        X509 *certificate = input ? PEM_read_bio_X509(input, NULL, give_passphrase, &none) : NULL;
        if (certificate) {
            EVP_PKEY *public = X509_get0_pubkey(certificate); /* NULL for a kind that this OpenSSL does not know */
            result = PyBool_FromLong(public && EVP_PKEY_eq(key, public) == 1);
        } else {
            failed(PyExc_ValueError, "damaged");
        }
        X509_free(certificate);
        BIO_free(input);
    }
    PyBuffer_Release(&pem);
    ERR_clear_error();
    return result;
}

/* ---- the module */

static PyMethodDef METHODS[] = {
    {"encrypt_gcm", encrypt_gcm, METH_VARARGS, "encrypt_gcm(key, nonce, data, associated) -> bytes: AES-256-GCM, the tag behind."},
    {"decrypt_gcm", decrypt_gcm, METH_VARARGS, "decrypt_gcm(key, nonce, data, associated) -> bytes, or None where the tag is wrong."},
    {"encrypt_cbc", encrypt_cbc, METH_VARARGS, "encrypt_cbc(key, iv, data) -> bytes: AES-128-CBC, whole blocks."},
    {"decrypt_cbc", decrypt_cbc, METH_VARARGS, "decrypt_cbc(key, iv, data) -> bytes: AES-128-CBC, whole blocks."},
    {"load_private_key", load_private_key, METH_VARARGS, "load_private_key(pem, passphrase or None) -> an RSA key."},
    {"sign", sign, METH_VARARGS, "sign(key, data) -> bytes: RSASSA-PKCS1-v1_5 with SHA-256."},
    {"belongs_to", belongs_to, METH_VARARGS, "belongs_to(key, certificate as PEM) -> bool: whether it is this key's."},
    {NULL, NULL, 0, NULL},
};
static PyModuleDef_Slot SLOTS[] = {{0, NULL}};
static struct PyModuleDef MODULE = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "_vsphere_session_crypto", .m_methods = METHODS, .m_slots = SLOTS};

PyMODINIT_FUNC PyInit__vsphere_session_crypto(void) { return PyModuleDef_Init(&MODULE); }
