--TEST--
After pcntl_fork() parent and child both read and write, whether DynamoDB was used before or not
--SKIPIF--
<?php
extension_loaded('pcntl') or die('skip PHP has no pcntl');
?>
--FILE--
<?php
require 'show.inc';
require 'request.inc';
$code = <<<'PHP'
function visit(string $id): string
{
    session_id($id);
    $started = session_start();
    $n = $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
    session_write_close();
    return json_encode($started) . " $n";
}
ob_start();
if (BEFORE) {
    echo 'before: ', visit('shared'), "\n";
}
$children = [];
for ($i = 0; $i < 3; $i++) {
    $pid = pcntl_fork();
    if ($pid === 0) {
        ob_end_clean();
        ob_start();
        echo "child $i: ", visit("child-$i"), ', ', visit("child-$i"), ', ', wp_dynamodb_active_region(), "\n";
        $grandchild = pcntl_fork();
        if ($grandchild === 0) {
            ob_end_clean();
            visit("child-$i");
            exit(0);
        }
        pcntl_waitpid($grandchild, $status);
        echo "grandchild $i: ", pcntl_wexitstatus($status), ', ', visit("child-$i"), "\n";
        file_put_contents(getenv('WPD_TMP') . "/fork-$i", ob_get_clean());
        exit(0);
    }
    $children[$i] = $pid;
}
echo 'parent: ', visit('parent'), ', ', visit('parent'), "\n";
foreach ($children as $i => $pid) {
    pcntl_waitpid($pid, $status);
    echo file_get_contents(getenv('WPD_TMP') . "/fork-$i"), 'exit ', pcntl_wexitstatus($status), "\n";
    unlink(getenv('WPD_TMP') . "/fork-$i");
}
echo 'parent: ', visit('parent'), "\n";
PHP;
foreach (['before', 'not before'] as $when) {
    lab_reset();
    echo "-- used $when\n", cli('define("BEFORE", ' . ($when === 'before' ? 'true' : 'false') . ');' . $code);
}
?>
--EXPECT--
-- used before
before: true 1
parent: true 1, true 2
child 0: true 1, true 2, us-east-1
grandchild 0: 0, true 4
exit 0
child 1: true 1, true 2, us-east-1
grandchild 1: 0, true 4
exit 0
child 2: true 1, true 2, us-east-1
grandchild 2: 0, true 4
exit 0
parent: true 3
-- used not before
parent: true 1, true 2
child 0: true 1, true 2, us-east-1
grandchild 0: 0, true 4
exit 0
child 1: true 1, true 2, us-east-1
grandchild 1: 0, true 4
exit 0
child 2: true 1, true 2, us-east-1
grandchild 2: 0, true 4
exit 0
parent: true 3
