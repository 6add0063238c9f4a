"""What a page waits for its session, and what that costs: PHP's own handlers, Redis, Memcached and ours, measured in turns.

__main__   the command                          options    its options
handlers   what is compared; our modes: a table stores     Redis and Memcached, each behind a delay
pools      a php-fpm pool for each handler       delay      the network of the stores: a proxy that delays
front      nginx before the pools                raw        round trips without PHP: what the network costs
clients    browsers                              usage      CPU and memory of workers
suite      who is measured when                  bill       calls, units and dollars
record     what was seen; medians with spread    limits     the budgets, held against the figures
table      terminal and README                   web        one HTML page with plots
"""
