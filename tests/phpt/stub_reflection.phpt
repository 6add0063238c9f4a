--TEST--
The stub file says what the extension has: functions, parameters, types, defaults, classes, parents
--FILE--
<?php
require 'show.inc';

/** Functions and classes of the stub, by PHP's own parser: it is loaded under a namespace of its own. */
$stub = file_get_contents(getenv('WPD_STUB') . '/wp_dynamodb.stub.php');
$stub = preg_replace(['/\bnamespace \{/', '/\bnamespace WpDynamoDb \{/'], ['namespace Stub {', 'namespace Stub\WpDynamoDb {'], $stub);
eval('?>' . $stub);

function describe(ReflectionFunction $function): array
{
    $parameters = [];
    foreach ($function->getParameters() as $parameter) {
        $parameters[] = trim($parameter->getType() . ' $' . $parameter->getName()
            . ($parameter->isDefaultValueAvailable() ? ' = ' . var_export($parameter->getDefaultValue(), true) : '')
            . ($parameter->isOptional() ? ', optional' : '') . ($parameter->isPassedByReference() ? ', reference' : ''));
    }
    $types = explode('|', (string) $function->getReturnType());
    sort($types);
    return [$parameters, implode('|', $types)];
}

$extension = new ReflectionExtension('wp_dynamodb');
$there = array_keys($extension->getFunctions());
$said = array_map(fn($name) => substr($name, 5), array_filter(get_defined_functions()['user'], fn($name) => str_starts_with($name, 'stub\\')));
sort($there);
sort($said);
show('functions only in the extension', array_values(array_diff($there, $said)));
show('functions only in the stub', array_values(array_diff($said, $there)));
foreach (array_intersect($said, $there) as $name) {
    [$stubbed, $real] = [describe(new ReflectionFunction("stub\\$name")), describe(new ReflectionFunction($name))];
    if ($stubbed !== $real) {
        show($name, ['stub' => $stubbed, 'extension' => $real]);
    }
}

$there = $extension->getClassNames();
$said = array_map(fn($name) => substr($name, 5), array_values(array_filter(get_declared_classes(), fn($name) => str_starts_with($name, 'Stub\\'))));
sort($there);
sort($said);
show('classes', $there);
show('the same in the stub', $said === $there);
foreach (array_intersect($said, $there) as $name) {
    $stubbed = get_parent_class("Stub\\$name");
    $stubbed = str_starts_with($stubbed, 'Stub\\') ? substr($stubbed, 5) : $stubbed;
    if ($stubbed !== get_parent_class($name)) {
        show($name, ['stub' => $stubbed, 'extension' => get_parent_class($name)]);
    }
}
?>
--EXPECT--
functions only in the extension: []
functions only in the stub: []
classes: ["WpDynamoDb\\AccessException","WpDynamoDb\\ConditionException","WpDynamoDb\\ConfigException","WpDynamoDb\\Exception","WpDynamoDb\\ThrottledException","WpDynamoDb\\TimeoutException","WpDynamoDb\\UnavailableException"]
the same in the stub: true
