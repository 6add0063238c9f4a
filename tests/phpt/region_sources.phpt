--TEST--
Where the active Region comes from: pin, parameter, last good, environment, first; a start during an SSM outage works
--FILE--
<?php
require 'show.inc';
require 'request.inc';
// On a busy machine the first refresh can end before the file is written.
$code = 'ob_start(); for ($i = 0; $i < 3; $i++) try { wp_dynamodb_refresh(); } catch (WpDynamoDb\Exception) {} $s = wp_dynamodb_status(); echo $s["active"], " ", $s["source"]; session_start();';
$file = getenv('WPD_TMP') . '/sources.json';
$state = ['wp_dynamodb.state_file' => $file];
@unlink($file);

lab_parameter(WEST);
show('pin', cli($code, $state + ['wp_dynamodb.region' => EAST]));
show('parameter', cli($code, $state));
show('state file written', is_file($file));

foreach ([EAST, WEST] as $region) {
    lab_fault('refuse', $region, 'ssm');
}
show('SSM down, last good', cli($code, $state));
file_put_contents($file, '{"half a fi');
show('damaged state file', cli($code, $state, ['AWS_REGION' => WEST]));
unlink($file);
show('AWS_REGION', cli($code, $state, ['AWS_REGION' => WEST]));
show('AWS_DEFAULT_REGION', cli($code, $state, ['AWS_DEFAULT_REGION' => WEST]));
show('AWS_REGION elsewhere', cli($code, $state, ['AWS_REGION' => 'eu-west-1']));
show('nothing', cli($code, $state));
show('no state file', cli($code, ['wp_dynamodb.state_file' => '']));
show('folder missing', cli($code, ['wp_dynamodb.state_file' => '/nonexistent/dir/region.json']));
foreach ([EAST, WEST] as $region) {
    lab_fault('none', $region, 'ssm');
}
show('SSM up, folder missing', substr(cli($code, ['wp_dynamodb.state_file' => '/nonexistent/dir/region.json']), -19));
lab_parameter(EAST);
?>
--CLEAN--
<?php
require 'lab.inc';
?>
--EXPECT--
pin: "us-east-1 pin"
parameter: "us-west-2 parameter"
state file written: true
SSM down, last good: "us-west-2 last_good"
damaged state file: "us-west-2 environment"
AWS_REGION: "us-west-2 environment"
AWS_DEFAULT_REGION: "us-west-2 environment"
AWS_REGION elsewhere: "us-east-1 first"
nothing: "us-east-1 first"
no state file: "us-east-1 first"
folder missing: "us-east-1 first"
SSM up, folder missing: "us-west-2 parameter"
