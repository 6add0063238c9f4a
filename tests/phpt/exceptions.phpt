--TEST--
Exceptions by kind
--INI--
wp_dynamodb.attempt_timeout_ms=${WPD_ATTEMPT_MS}
wp_dynamodb.connect_timeout_ms=${WPD_CONNECT_MS}
wp_dynamodb.request_timeout_ms=${WPD_REQUEST_MS}
--FILE--
<?php
require 'show.inc';
function thrown(callable $work): array
{
    try {
        return ['none', $work()];
    } catch (WpDynamoDb\Exception $error) {
        return [get_class($error), $error->getMessage()];
    } catch (Throwable $error) {
        return [get_class($error), $error->getMessage()];
    }
}
foreach ([fn() => wp_dynamodb_endpoint('Virginia'), fn() => wp_dynamodb_endpoint(''), fn() => wp_dynamodb_metrics('xml'), fn() => wp_dynamodb_health(0), fn() => wp_dynamodb_health(-5)] as $work) {
    [$class, $message] = thrown($work);
    show($class, strlen($message) > 20 ? 'with a message' : $message);
}
foreach (['refuse', 'denied', 'blackhole', 'throttle', '5xx'] as $fault) {
    foreach ([EAST, WEST] as $region) {
        lab_fault($fault, $region, 'ssm');
    }
    [$class, $message] = thrown(fn() => wp_dynamodb_refresh());
    show("refresh, $fault", [$class, missing($message, '/wordpress/dynamodb_region')]);
}
// One Region's answer is enough.
lab_fault('none', WEST, 'ssm');
show('one Region answers', thrown(fn() => wp_dynamodb_refresh()));
show('the functions go on', [wp_dynamodb_active_region(), wp_dynamodb_status()['active']]);
?>
--EXPECT--
WpDynamoDb\ConfigException: "with a message"
WpDynamoDb\ConfigException: "with a message"
WpDynamoDb\ConfigException: "with a message"
WpDynamoDb\ConfigException: "with a message"
WpDynamoDb\ConfigException: "with a message"
refresh, refuse: ["WpDynamoDb\\UnavailableException",[]]
refresh, denied: ["WpDynamoDb\\AccessException",[]]
refresh, blackhole: ["WpDynamoDb\\TimeoutException",[]]
refresh, throttle: ["WpDynamoDb\\ThrottledException",[]]
refresh, 5xx: ["WpDynamoDb\\UnavailableException",[]]
one Region answers: ["none","us-east-1"]
the functions go on: ["us-east-1","us-east-1"]
