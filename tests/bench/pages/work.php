<?php
/** The rest of a page: waits as if for a database, or keeps the processor busy. */

function work(float $ms): void
{
    if (!isset($_GET['busy'])) {
        usleep((int) ($ms * 1000));
        return;
    }
    $until = hrtime(true) + (int) ($ms * 1e6);
    while (hrtime(true) < $until) {
        md5('work');
    }
}

/** About a kilobyte, as a cart has it: compresses to a half, not to nothing. */
function cart(): array
{
    $cart = [];
    for ($line = 0; $line < 12; $line++) {
        $cart[] = ['sku' => substr(md5("sku $line"), 0, 12), 'quantity' => 1 + $line % 3, 'note' => substr(sha1("note $line"), 0, 24)];
    }
    return $cart;
}
