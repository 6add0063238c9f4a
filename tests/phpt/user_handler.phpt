--TEST--
A user-defined handler on top of the module (class SessionHandler)
--FILE--
<?php
require 'show.inc';
class Wrapped extends SessionHandler
{
    public array $calls = [];
    public function open(string $path, string $name): bool { $this->calls[] = 'open'; return parent::open($path, $name); }
    public function close(): bool { $this->calls[] = 'close'; return parent::close(); }
    public function read(string $id): string|false { $this->calls[] = 'read'; return parent::read($id); }
    public function write(string $id, string $data): bool { $this->calls[] = 'write'; return parent::write($id, $data); }
    public function destroy(string $id): bool { $this->calls[] = 'destroy'; return parent::destroy($id); }
    public function gc(int $max): int|false { return parent::gc($max); }
    public function create_sid(): string { return parent::create_sid(); }
}
$handler = new Wrapped;
session_set_save_handler($handler, true);
store('wrapped', ['a' => 1]);
show('read', fetch('wrapped'));
session_id('wrapped');
show('gc', [session_start(), session_gc()]);
$new = session_create_id();
check('create_sid', is_string($new) && strlen($new) >= 22, $new);
session_destroy();
show('calls', $handler->calls);
show('items', count(lab_dump()));
// Without an open session the parent refuses, as with every handler.
try {
    [$read, $messages] = warnings(fn() => (new SessionHandler)->read('wrapped'));
    show('not open', [$read, $messages]);
} catch (Error $error) {
    show('not open', $error->getMessage());
}
?>
--EXPECT--
read: {"a":1}
gc: [true,0]
create_sid: yes
calls: ["open","read","write","close","open","read","close","open","read","destroy","close"]
items: 0
not open: "Session is not active"
