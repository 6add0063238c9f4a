<?php
header( 'Content-Type: text/plain; version=0.0.4' );
echo wp_dynamodb_metrics( 'prometheus' );
