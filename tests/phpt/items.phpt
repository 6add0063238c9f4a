--TEST--
Items of any table: get, put, update, delete, query, with conditions, expiry and a query begun ahead
--FILE--
<?php
require 'show.inc';
lab('POST', '/table', ['table' => 'logins', 'hash_key' => 'user', 'range_key' => 'item']);
$key = fn(string $item): array => ['user' => 'ada', 'item' => $item];
$bare = fn(?array $item): ?array => $item === null ? null : array_diff_key($item, ['updated_at' => 0, 'writer' => 0]);
$thrown = function (callable $work): string {
    try {
        $work();
        return 'nothing thrown';
    } catch (WpDynamoDb\Exception $error) {
        return get_class($error);
    }
};

show('none', wp_dynamodb_get('logins', $key('s#1')));
wp_dynamodb_put('logins', $key('s#1'), ['name' => "Ada \u{1F600}", 'n' => 7], ['ttl' => 100]);
$item = wp_dynamodb_get('logins', $key('s#1'), ['consistent' => true]);
show('stored', [$item['name'], $item['n'], $item['writer'], abs($item['expires'] - time() - 100) < 5 * SLOW, abs($item['updated_at'] / 1000 - time()) < 5 * SLOW]);
show('changed', $bare(wp_dynamodb_update('logins', $key('s#1'), ['name' => null, 'new' => 'x', 'expires' => null], ['add' => ['n' => 3, 'm' => -1]])));
wp_dynamodb_put('logins', $key('s#2'), ['n' => 2]);
wp_dynamodb_put('logins', $key('r#1'), []);
show('query', array_column(wp_dynamodb_query('logins', ['user' => 'ada', 'item' => '']), 'item'));
show('query, begins', array_column(wp_dynamodb_query('logins', ['user' => 'ada', 'item' => 's#'], ['limit' => 1]), 'item'));
show('query, another partition', wp_dynamodb_query('logins', ['user' => 'bob', 'item' => '']));

show('if absent', [$thrown(fn() => wp_dynamodb_put('logins', $key('s#2'), ['n' => 9], ['if' => 'absent'])), $thrown(fn() => wp_dynamodb_put('logins', $key('s#3'), [], ['if' => 'absent']))]);
show('if present', [$thrown(fn() => wp_dynamodb_update('logins', $key('s#9'), ['n' => 9], ['if' => 'present'])), $thrown(fn() => wp_dynamodb_update('logins', $key('s#2'), ['n' => 3], ['if' => 'present']))]);
show('if equals', [$thrown(fn() => wp_dynamodb_delete('logins', $key('s#2'), ['if' => ['n' => 2]])), $thrown(fn() => wp_dynamodb_delete('logins', $key('s#2'), ['if' => ['n' => 3]]))]);
show('left', array_column(wp_dynamodb_query('logins', ['user' => 'ada', 'item' => '']), 'item'));

wp_dynamodb_update('logins', $key('s#1'), ['expires' => time() - 1]);
show('expired', [wp_dynamodb_get('logins', $key('s#1')), array_column(wp_dynamodb_query('logins', ['user' => 'ada', 'item' => 's#']), 'item')]);

$all = ['user' => 'ada', 'item' => ''];
show('ahead: calls', lab_count(function () use ($all) {
    wp_dynamodb_query_ahead('logins', $all);
    wp_dynamodb_query_ahead('logins', $all);
    wp_dynamodb_query('logins', $all);
}));
show('not ahead: calls', lab_count(fn() => wp_dynamodb_query('logins', $all)));

foreach ([
    'no key' => fn() => wp_dynamodb_get('logins', []),
    'three keys' => fn() => wp_dynamodb_get('logins', ['a' => '1', 'b' => '2', 'c' => '3']),
    'list' => fn() => wp_dynamodb_get('logins', ['ada', 's#1']),
    'empty key' => fn() => wp_dynamodb_get('logins', ['user' => '', 'item' => 'x']),
    'array for text' => fn() => wp_dynamodb_put('logins', $key('s#1'), ['a' => [1]]),
    'fraction' => fn() => wp_dynamodb_put('logins', $key('s#1'), ['a' => 1.5]),
    'bytes' => fn() => wp_dynamodb_put('logins', $key('s#1'), ['a' => "\xff"]),
    'key among attributes' => fn() => wp_dynamodb_put('logins', $key('s#1'), ['user' => 'eve']),
    'stamp among attributes' => fn() => wp_dynamodb_put('logins', $key('s#1'), ['updated_at' => 1]),
    'unknown option' => fn() => wp_dynamodb_put('logins', $key('s#1'), [], ['til' => 1]),
    'bad condition' => fn() => wp_dynamodb_put('logins', $key('s#1'), [], ['if' => 'maybe']),
    'bad ttl' => fn() => wp_dynamodb_put('logins', $key('s#1'), [], ['ttl' => 0]),
    'bad limit' => fn() => wp_dynamodb_query('logins', $all, ['limit' => 1001]),
    'query without sort key' => fn() => wp_dynamodb_query('logins', ['user' => 'ada']),
    'bad table' => fn() => wp_dynamodb_get('a b', $key('x')),
    'missing table' => fn() => wp_dynamodb_get('no_such_table', $key('x')),
    'other keys' => fn() => wp_dynamodb_get('logins', ['user' => 'ada']),
] as $name => $work) {
    show($name, $thrown($work));
}
?>
--EXPECT--
none: null
stored: ["Ada \ud83d\ude00",7,"us-east-1",true,true]
changed: {"item":"s#1","m":-1,"n":10,"new":"x","user":"ada"}
query: ["r#1","s#1","s#2"]
query, begins: ["s#1"]
query, another partition: []
if absent: ["WpDynamoDb\\ConditionException","nothing thrown"]
if present: ["WpDynamoDb\\ConditionException","nothing thrown"]
if equals: ["WpDynamoDb\\ConditionException","nothing thrown"]
left: ["r#1","s#1","s#3"]
expired: [null,["s#3"]]
ahead: calls: "Query 1"
not ahead: calls: "Query 1"
no key: "WpDynamoDb\\ConfigException"
three keys: "WpDynamoDb\\ConfigException"
list: "WpDynamoDb\\ConfigException"
empty key: "WpDynamoDb\\ConfigException"
array for text: "WpDynamoDb\\ConfigException"
fraction: "WpDynamoDb\\ConfigException"
bytes: "WpDynamoDb\\ConfigException"
key among attributes: "WpDynamoDb\\ConfigException"
stamp among attributes: "WpDynamoDb\\ConfigException"
unknown option: "WpDynamoDb\\ConfigException"
bad condition: "WpDynamoDb\\ConfigException"
bad ttl: "WpDynamoDb\\ConfigException"
bad limit: "WpDynamoDb\\ConfigException"
query without sort key: "WpDynamoDb\\ConfigException"
bad table: "WpDynamoDb\\ConfigException"
missing table: "WpDynamoDb\\ConfigException"
other keys: "WpDynamoDb\\ConfigException"
