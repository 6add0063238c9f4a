--TEST--
The newest parameter of all Regions wins, whichever Region it was written in; one Region's SSM down does not matter
--FILE--
<?php
require 'show.inc';
lab_parameter(EAST);
wp_dynamodb_refresh();
usleep(50000);
lab_parameter(WEST, [WEST]);
show('written in the second only', wp_dynamodb_refresh());
usleep(50000);
lab_parameter(EAST, [EAST]);
show('then in the first only', wp_dynamodb_refresh());
lab_fault('refuse', EAST, 'ssm');
usleep(50000);
lab_parameter(WEST, [WEST]);
show('first SSM down', wp_dynamodb_refresh());
$states = array_column(wp_dynamodb_status()['regions'], 'parameter_state');
show('states', $states);
lab_fault('none', EAST, 'ssm');
lab_parameter(EAST);
show('back', wp_dynamodb_refresh());
?>
--CLEAN--
<?php
require 'lab.inc';
?>
--EXPECT--
written in the second only: "us-west-2"
then in the first only: "us-east-1"
first SSM down: "us-west-2"
states: ["error","ok"]
back: "us-east-1"
