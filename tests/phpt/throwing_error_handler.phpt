--TEST--
An error handler that throws from our warning: the exception arrives, the next session works
--INI--
wp_dynamodb.session_max_bytes=400000
--FILE--
<?php
require 'show.inc';
store('thrown', ['n' => 1]);
set_error_handler(function (int $level, string $message) {
    throw new ErrorException($message, 0, $level);
});
function attempt(string $what, callable $work): void
{
    try {
        show($what, $work());
    } catch (ErrorException $error) {
        show($what, 'threw ' . (str_contains($error->getMessage(), 'wp_dynamodb: ') ? 'our warning' : $error->getMessage()));
    }
}
for ($i = 1; $i <= 3; $i++) {
    lab_fault('refuse');
    attempt("read $i", function () {
        session_id('thrown');
        return session_start();
    });
    session_status() === PHP_SESSION_ACTIVE and session_abort();
    lab_fault('none');
    attempt("works $i", fn() => fetch('thrown'));
}
session_id('thrown');
session_start();
$_SESSION['n'] = 2;
lab_fault('refuse');
attempt('write', fn() => session_write_close());
lab_fault('none');
session_status() === PHP_SESSION_ACTIVE and session_abort();
attempt('works', fn() => fetch('thrown'));
attempt('too large', fn() => store('thrown', ['bytes' => random_bytes(500000)]));
session_status() === PHP_SESSION_ACTIVE and session_abort();
attempt('works', fn() => fetch('thrown'));

// And at the very end, where nobody catches.
session_id('thrown');
session_start();
$_SESSION['n'] = 3;
lab_fault('refuse');
echo "end\n";
?>
--CLEAN--
<?php
require 'lab.inc';
?>
--EXPECTF--
read 1: "threw our warning"
works 1: {"n":1}
read 2: "threw our warning"
works 2: {"n":1}
read 3: "threw our warning"
works 3: {"n":1}
write: "threw our warning"
works: {"n":1}
too large: "threw our warning"
works: {"n":1}
end
%A
