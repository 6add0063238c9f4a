<?php
header( 'Content-Type: application/json' );
echo json_encode( wp_dynamodb_status(), JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES );
