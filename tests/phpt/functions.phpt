--TEST--
wp_dynamodb_* functions: shapes, endpoints, status, metrics, health
--FILE--
<?php
require 'show.inc';
show('active', wp_dynamodb_active_region());
$port = getenv('WPD_PORT');
show('endpoint', wp_dynamodb_endpoint() === 'http://127.0.0.1:' . ($port + 10));
show('endpoint, named', wp_dynamodb_endpoint(WEST) === 'http://127.0.0.1:' . ($port + 20));
show('endpoint, null', wp_dynamodb_endpoint(null) === wp_dynamodb_endpoint());
// Under valgrind the first round's deadlines can pass before the client is ready.
for ($round = 1; $round < SLOW && array_column(wp_dynamodb_status()['regions'], 'parameter_state') !== ['ok', 'ok']; $round++) {
    wp_dynamodb_refresh();
}
show('refresh', wp_dynamodb_refresh());
store('some', ['a' => 1]);

$status = wp_dynamodb_status();
show('status lacks', array_values(array_diff(['version', 'pid', 'active', 'route', 'why', 'source', 'reason', 'home', 'table', 'parameter', 'regions', 'window', 'items_failing_ms', 'items_outage_ms', 'items_refused_ms', 'warnings'], array_keys($status))));
show('version', $status['version'] === phpversion('wp_dynamodb'));
show('pid', $status['pid'] === getmypid());
show('route', [$status['active'], $status['route'], $status['source'], is_string($status['reason'])]);
show('parameter lacks', array_values(array_diff(['name', 'value', 'modified_ms', 'checked_age_ms', 'poller_pid'], array_keys($status['parameter']))));
show('parameter, value', [$status['parameter']['name'], $status['parameter']['value']]);
check('modified now, checked now', abs($status['parameter']['modified_ms'] / 1000 - time()) < 60 * SLOW && $status['parameter']['checked_age_ms'] < 10000 * SLOW, $status['parameter']);
show('regions', array_keys($status['regions']));
show('of a Region lacks', array_values(array_diff(['endpoint', 'ssm_endpoint', 'parameter_state', 'parameter_value', 'parameter_error', 'calls', 'errors', 'last_error', 'latency_ms', 'history', 'drained', 'breaker'], array_keys($status['regions'][EAST]))));
show('drained, breaker', [$status['regions'][EAST]['drained'], $status['regions'][EAST]['breaker']]);
show('window', $status['window']);
show('states', array_column($status['regions'], 'parameter_state'));
show('values', array_column($status['regions'], 'parameter_value'));
check('calls counted', $status['regions'][EAST]['calls'] >= 2 && ($status['regions'][EAST]['errors'] === 0 || SLOW > 1), $status['regions'][EAST]);
show('latency', array_keys($status['regions'][EAST]['latency_ms']));
show('warnings', SLOW > 1 ? [] : $status['warnings']);

$health = wp_dynamodb_health();
show('health lacks', array_values(array_diff(['error', 'kind', 'latency_ms', 'ok', 'region'], array_keys($health))));
show('healthy', [$health['ok'], $health['region'], is_float($health['latency_ms']), $health['error'], $health['kind']]);
show('health: calls', lab_count(fn() => wp_dynamodb_health(1000)) === 'none' ? 'none, it was asked a moment ago' : 'some');

$metrics = wp_dynamodb_metrics();
show('metrics', array_keys($metrics));
show('routing', $metrics['routing']);
show('breakers', $metrics['breakers']);
$text = wp_dynamodb_metrics('prometheus');
$bad = preg_grep('/^(# (HELP|TYPE) [a-z_:][a-z0-9_:]* .+|[a-z_:][a-z0-9_:]*(\{([a-z_]+="[^"]*",?)*\})? [-+0-9.eE]+(NaN|Inf)?)$/i', explode("\n", trim($text)), PREG_GREP_INVERT);
show('metrics, lines that are not Prometheus', array_values($bad));
check('metrics of both Regions or of the one used', str_contains($text, EAST) && str_contains($text, 'GetItem'), $text);
?>
--EXPECT--
active: "us-east-1"
endpoint: true
endpoint, named: true
endpoint, null: true
refresh: "us-east-1"
status lacks: []
version: true
pid: true
route: ["us-east-1","us-east-1","parameter",true]
parameter lacks: []
parameter, value: ["/wordpress/dynamodb_region","us-east-1"]
modified now, checked now: yes
regions: ["us-east-1","us-west-2"]
of a Region lacks: []
drained, breaker: [false,{"state":"closed","since_ms":null,"opened":0,"hold_ms":null,"cause":null}]
window: null
states: ["ok","ok"]
values: ["us-east-1","us-east-1"]
calls counted: yes
latency: ["p50","p99"]
warnings: []
health lacks: []
healthy: [true,"us-east-1",true,null,null]
health: calls: "none, it was asked a moment ago"
metrics: ["regions","sessions","routing","breakers","active","route","bridged","pinned","window_left_ms","parameter_checked_age_ms"]
routing: {"bridged":0,"hedged":0,"doubled":0,"superseded":0,"left":0,"returned":0}
breakers: {"us-east-1":{"state":"closed","opened":0,"hold_ms":null},"us-west-2":{"state":"closed","opened":0,"hold_ms":null}}
metrics, lines that are not Prometheus: []
metrics of both Regions or of the one used: yes
