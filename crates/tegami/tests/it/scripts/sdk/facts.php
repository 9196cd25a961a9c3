<?php
// What the test told us, and running the case that it asks for. What a case returns is printed.

$facts = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
$domain = $facts['domain'];

// Assertions that do not depend on php.ini.
function same($expected, $seen): void
{
    if ($expected !== $seen) {
        throw new Exception('expected '.json_encode($expected, JSON_UNESCAPED_UNICODE).', saw '.json_encode($seen, JSON_UNESCAPED_UNICODE));
    }
}

function run(array $cases): void
{
    global $facts;
    try {
        $said = $cases[$facts['case']]();
    } catch (Throwable $error) {
        fwrite(STDERR, $error."\n");
        exit(1);
    }
    echo json_encode($said ?? (object) [], JSON_THROW_ON_ERROR), "\n";
}
