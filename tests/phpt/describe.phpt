--TEST--
wp_dynamodb_describe(): keys, TTL and billing of a table in each Region
--FILE--
<?php
require 'show.inc';
lab('POST', '/table', ['table' => 'logins', 'hash_key' => 'user', 'range_key' => 'item']);
foreach ([EAST, WEST] as $region) {
    $table = wp_dynamodb_describe('logins', $region);
    show($region, [$table['status'], $table['keys'], $table['ttl'], $table['billing'], $table['replicas']]);
}
show('sessions', array_column(wp_dynamodb_describe(TABLE, EAST)['keys'], 'name'));
foreach ([['no_such_table', EAST], ['logins', 'eu-west-1'], ['logins', 'east']] as [$name, $region]) {
    try {
        wp_dynamodb_describe($name, $region);
    } catch (WpDynamoDb\Exception $error) {
        show("$name in $region", get_class($error));
    }
}
lab_fault('denied', WEST);
try {
    wp_dynamodb_describe('logins', WEST);
} catch (WpDynamoDb\AccessException $error) {
    show('denied', missing($error->getMessage(), 'DescribeTable', WEST, 'logins'));
}
?>
--EXPECT--
us-east-1: ["ACTIVE",[{"name":"user","kind":"S","role":"HASH"},{"name":"item","kind":"S","role":"RANGE"}],"expires","PAY_PER_REQUEST",["us-west-2"]]
us-west-2: ["ACTIVE",[{"name":"user","kind":"S","role":"HASH"},{"name":"item","kind":"S","role":"RANGE"}],"expires","PAY_PER_REQUEST",["us-east-1"]]
sessions: ["session_id"]
no_such_table in us-east-1: "WpDynamoDb\\ConfigException"
logins in eu-west-1: "WpDynamoDb\\ConfigException"
logins in east: "WpDynamoDb\\ConfigException"
denied: []
