--TEST--
The active Region fails in a process: reads and writes go on in the other one, without a warning; status and metrics tell of it
--INI--
wp_dynamodb.failover=auto
wp_dynamodb.switch_window=30
--FILE--
<?php
require 'show.inc';
wp_dynamodb_refresh();
store('traveller', ['cart' => 1]);
lab('POST', '/replication', ['settle' => true]);
show('before', [wp_dynamodb_status()['route'], wp_dynamodb_status()['why'], wp_dynamodb_status()['window']]);

lab_fault('refuse');
[$done, $messages] = warnings(function () {
    session_id('traveller');
    session_start();
    $read = $_SESSION;
    $_SESSION['cart']++;
    return [$read, session_write_close()];
});
show('read, written, messages', [...$done, $messages]);
show('here and there', [fetch('traveller'), lab_count(fn() => fetch('traveller'), EAST)]);

$until = microtime(true) + 2 * SLOW;
do {
    $status = wp_dynamodb_status();
    usleep(10000);
} while ($status['route'] === EAST && microtime(true) < $until);
show('active, route, why', [$status['active'], $status['route'], $status['why']]);
check('the reason tells of the lost Region', str_contains($status['reason'], EAST), $status['reason']);
$breaker = $status['regions'][EAST]['breaker'];
show('breaker', [$breaker['state'], $breaker['opened'], $breaker['hold_ms'], is_int($breaker['since_ms'])]);
$error = $status['regions'][EAST]['last_error'];
show('last error, of the other one', [$error['kind'], is_int($error['age_ms']), $status['regions'][WEST]['last_error']]);
show('it names', missing($error['message'], 'table wordpress_sessions', EAST));
check('its cause', is_string($breaker['cause']) && !str_contains($breaker['cause'], "\n"), $breaker);
show('breaker of the other one', array_intersect_key($status['regions'][WEST]['breaker'], ['state' => 0, 'opened' => 0, 'hold_ms' => 0, 'cause' => 0]));
show('window', $status['window']);
check('said once', count(preg_grep('/' . EAST . ' is lost/', $status['warnings'])) === 1, $status['warnings']);

$metrics = wp_dynamodb_metrics();
show('routing', array_keys($metrics['routing']));
show('left, returned', [$metrics['routing']['left'], $metrics['routing']['returned']]);
check('bridged', $metrics['routing']['bridged'] >= 1, $metrics['routing']);
show('breakers', $metrics['breakers'][EAST]);
show('active, route', [$metrics['active'], $metrics['route']]);
$text = wp_dynamodb_metrics('prometheus');
show('prometheus lacks', missing($text, 'wp_dynamodb_breaker_open{region="us-east-1"} 1', 'wp_dynamodb_breaker_open{region="us-west-2"} 0',
    'wp_dynamodb_breaker_opened_total{region="us-east-1"} 1', 'wp_dynamodb_route_region{region="us-west-2"} 1',
    'wp_dynamodb_active_region{region="us-east-1"} 1', 'wp_dynamodb_routing_total{event="left"} 1', "wp_dynamodb_bridged 1\n",
    'wp_dynamodb_breaker_hold_seconds{region="us-east-1"} 5'));
// Bridging moves the route, never the active Region.
show('active Region, its endpoint', [wp_dynamodb_active_region(), wp_dynamodb_endpoint() === wp_dynamodb_endpoint(EAST)]);
show('health', wp_dynamodb_health()['ok']);

lab_fault('none');
$until = microtime(true) + 15 * SLOW;
do {
    usleep(50000);
    $status = wp_dynamodb_status();
} while ($status['route'] !== EAST && microtime(true) < $until);
show('back: active, route, why', [$status['active'], $status['route'], $status['why']]);
show('breaker', array_intersect_key($status['regions'][EAST]['breaker'], ['state' => 0, 'opened' => 0, 'hold_ms' => 0]));
show('window, Regions', $status['window']['regions']);
check('window, time left', $status['window']['left_ms'] > 0 && $status['window']['left_ms'] <= 30000, $status['window']);
check('said once', count(preg_grep('/' . EAST . ' answers again/', $status['warnings'])) === 1, $status['warnings']);
show('both are asked', [lab_count(fn() => show('read', fetch('traveller')), EAST), lab_count(fn() => fetch('traveller'), WEST)]);
$routing = wp_dynamodb_metrics()['routing'];
show('left, returned', [$routing['left'], $routing['returned']]);
check('doubled', $routing['doubled'] >= 2, $routing);
?>
--CLEAN--
<?php
require 'lab.inc';
?>
--EXPECT--
before: ["us-east-1","active",null]
read, written, messages: [{"cart":1},true,[]]
here and there: [{"cart":2},"none"]
active, route, why: ["us-east-1","us-west-2","bridged"]
the reason tells of the lost Region: yes
breaker: ["open",1,5000,true]
last error, of the other one: ["unavailable",true,null]
it names: []
its cause: yes
breaker of the other one: {"state":"closed","opened":0,"hold_ms":null,"cause":null}
window: null
said once: yes
routing: ["bridged","hedged","doubled","superseded","left","returned"]
left, returned: [1,0]
bridged: yes
breakers: {"state":"open","opened":1,"hold_ms":5000}
active, route: ["us-east-1","us-west-2"]
prometheus lacks: []
active Region, its endpoint: ["us-east-1",true]
health: false
back: active, route, why: ["us-east-1","us-east-1","active"]
breaker: {"state":"closed","opened":1,"hold_ms":null}
window, Regions: ["us-west-2"]
window, time left: yes
said once: yes
read: {"cart":2}
both are asked: ["GetItem 1","GetItem 1"]
left, returned: [1,1]
doubled: yes
