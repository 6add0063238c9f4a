--TEST--
Without overrides the endpoints are AWS's own
--INI--
wp_dynamodb.endpoints=
wp_dynamodb.ssm_endpoints=
wp_dynamodb.regions=eu-west-1,ap-southeast-2
wp_dynamodb.region=ap-southeast-2
session.save_handler=files
--FILE--
<?php
// No lab: this test makes no call.
echo wp_dynamodb_endpoint(), "\n", wp_dynamodb_endpoint('eu-west-1'), "\n";
$status = wp_dynamodb_status();
echo $status['regions']['eu-west-1']['ssm_endpoint'], "\n", $status['source'], "\n", $status['active'], "\n";
?>
--EXPECT--
https://dynamodb.ap-southeast-2.amazonaws.com
https://dynamodb.eu-west-1.amazonaws.com
https://ssm.eu-west-1.amazonaws.com
pin
ap-southeast-2
