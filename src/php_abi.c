/* Holds what src/sys.rs says of PHP against the headers of the PHP that the extension is built for. build.rs compiles this, and links
 * nothing of it: what differs is an error of the build, with the name of what differs.
 *
 * Whoever changes src/sys.rs changes this as well. */

#include <stddef.h>

#include "php.h"
#include "ext/session/php_session.h"
#include "ext/spl/spl_exceptions.h"

#if defined(ZTS)
#error "this PHP is thread-safe (ZTS), and wp_dynamodb is for PHP without threads (NTS) only: build it with the php-config of an NTS PHP"
#endif
#if PHP_VERSION_ID < 80100
#error "this PHP is too old for wp_dynamodb: 8.1 is the least"
#endif

#define HOLDS(what, condition) _Static_assert(condition, what " is not in this PHP what src/sys.rs says")
#define SAME(what, ...) HOLDS(#what, __builtin_types_compatible_p(__typeof__(what), __VA_ARGS__))
#define MEMBER(name, place, result, ...) \
	SAME(((ps_module *) 0)->name, result (*)(__VA_ARGS__)); \
	HOLDS("the place of ps_module." #name, offsetof(ps_module, name) == (place) * sizeof(void *))

#if PHP_VERSION_ID >= 80600
#define SESSION_TEXT zend_string *
#else
#define SESSION_TEXT const char *
#endif

HOLDS("PHP_SESSION_API", PHP_SESSION_API == 20161017);
HOLDS("zend_long", sizeof(zend_long) == 8);
HOLDS("ps_module", sizeof(ps_module) == 10 * sizeof(void *) && offsetof(ps_module, s_name) == 0);
SAME(((ps_module *) 0)->s_name, const char *);
MEMBER(s_open, 1, zend_result, void **, SESSION_TEXT, SESSION_TEXT);
MEMBER(s_close, 2, zend_result, void **);
MEMBER(s_read, 3, zend_result, void **, zend_string *, zend_string **, zend_long);
MEMBER(s_write, 4, zend_result, void **, zend_string *, zend_string *, zend_long);
MEMBER(s_destroy, 5, zend_result, void **, zend_string *);
MEMBER(s_gc, 6, zend_long, void **, zend_long, zend_long *);
MEMBER(s_create_sid, 7, zend_string *, void **);
MEMBER(s_validate_sid, 8, zend_result, void **, zend_string *);
MEMBER(s_update_timestamp, 9, zend_result, void **, zend_string *, zend_string *, zend_long);

HOLDS("zend_result", SUCCESS == 0 && FAILURE == -1 && sizeof(zend_result) == sizeof(int));
HOLDS("the kinds of errors", E_WARNING == 2 && E_CORE_WARNING == 32);
HOLDS("PHP_USER_CONSTANT", PHP_USER_CONSTANT == 0x7fffff);

SAME(spl_ce_RuntimeException, zend_class_entry *);
SAME(&php_session_register_module, zend_result (*)(const ps_module *));
SAME(&php_session_create_id, zend_string *(*)(void **));
SAME(&php_error_docref, void (*)(const char *, int, const char *, ...));
SAME(&zend_error, void (*)(int, const char *, ...));
SAME(&php_log_err_with_severity, void (*)(const char *, int));
/* A text that is not written to; `orig` is only ever 0. */
#define GIVES(result, orig) __builtin_types_compatible_p(__typeof__(&zend_ini_string_ex), result (*)(const char *, size_t, orig, bool *))
HOLDS("zend_ini_string_ex", GIVES(char *, int) || GIVES(const char *, bool));
SAME(&cfg_get_entry, zval *(*)(const char *, size_t));
/* What it returns is not looked at. */
#define REGISTERS(result) \
	__builtin_types_compatible_p(__typeof__(&zend_register_stringl_constant), result (*)(const char *, size_t, const char *, size_t, int, int))
HOLDS("zend_register_stringl_constant", REGISTERS(void) || REGISTERS(bool) || REGISTERS(zend_constant *));
