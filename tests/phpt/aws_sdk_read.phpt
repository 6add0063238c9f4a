--TEST--
Format aws-sdk: items as the AWS SDK for PHP writes them are read, data as S or as B, and go on being usable by it
--INI--
wp_dynamodb.session_format=aws-sdk
--FILE--
<?php
require 'show.inc';
function raw(string $id, array $more, int $seconds = 1000): array
{
    return ['session_id' => ['S' => "PHPSESSID_$id"], 'expires' => ['N' => (string) (time() + $seconds)]] + $more;
}
$text = 'user|i:42;note|s:5:"hello";';
lab_put(raw('text', ['data' => ['S' => $text]]));
lab_put(raw('bytes', ['data' => ['B' => base64_encode($text)]]));
lab_put(raw('locked', ['data' => ['S' => $text], 'lock' => ['N' => '1']]));
lab_put(raw('expired', ['data' => ['S' => $text]], -10));
lab_put(raw('no-data', []));
foreach (['text', 'bytes', 'locked', 'expired', 'no-data'] as $id) {
    [$data, $messages] = warnings(fn() => fetch($id));
    show($id, $data);
    $messages and show("$id, messages", $messages);
}

session_id('text');
session_start();
$_SESSION['user']++;
session_write_close();
foreach (lab_dump() as $item) {
    if ($item['session_id']['S'] === 'PHPSESSID_text') {
        ksort($item);
        show('written back', [array_keys($item), $item['data']]);
    }
}
?>
--EXPECT--
text: {"user":42,"note":"hello"}
bytes: {"user":42,"note":"hello"}
locked: {"user":42,"note":"hello"}
expired: []
no-data: []
written back: [["data","expires","session_id"],{"S":"user|i:43;note|s:5:\"hello\";"}]
