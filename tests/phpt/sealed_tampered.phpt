--TEST--
A sealed item that was changed gives a warning and no session, and stays as it is
--FILE--
<?php
require 'show.inc';
store('tampered', ['user' => 'admin', 'text' => str_repeat('lorem ipsum ', 20)]);
$good = lab_only_item();
$bytes = base64_decode($good['data']['B']);
$length = strlen($bytes);

function flipped(string $bytes, int $at): string
{
    $bytes[$at] = chr(ord($bytes[$at]) ^ 1);
    return $bytes;
}

$cases = ['one byte less' => substr($bytes, 0, -1), 'one byte more' => "$bytes\0", 'one byte' => 'x', 'no bytes' => '', 'other bytes' => random_bytes($length),
    'an unknown version' => "\xfe" . substr($bytes, 1), 'clear data' => 'user|s:5:"admin";'];
for ($at = 0; $at < $length; $at += max(1, intdiv($length, 12))) {
    $cases["byte $at changed"] = flipped($bytes, $at);
}
$cases['the last byte changed'] = flipped($bytes, $length - 1);

$failed = 0;
foreach ($cases as $what => $data) {
    $bad = ['data' => ['B' => base64_encode($data)]] + $good;
    lab_put($bad);
    session_id('tampered');
    [$started, $messages] = warnings(fn() => session_start());
    $text = implode("\n", ours($messages));
    $empty = $_SESSION ?? [];
    if ($started || $empty || !$text || missing($text, EAST, TABLE) || item_text(lab_only_item()) !== item_text($bad)) {
        $failed++;
        show("FAILS with $what", [$started, $empty, $messages]);
    }
    if ($started) {
        session_abort();
    }
    same_id('tampered') or print("the id changed with $what\n");
}
show('changed items that were let in or touched', $failed);

// Bytes of one session under the key of another.
lab_put($good);
lab_reset();
store('other', ['user' => 'nobody']);
$other = lab_only_item();
lab_put(['data' => $good['data']] + $other);
[$started, $messages] = warnings(fn() => fetch('other'));
show('bytes of another session', [$started, count(ours($messages)) > 0]);

// And unchanged it is read again.
lab_put($good);
show('unchanged', fetch('tampered')['user']);
?>
--EXPECT--
changed items that were let in or touched: 0
bytes of another session: [null,true]
unchanged: "admin"
