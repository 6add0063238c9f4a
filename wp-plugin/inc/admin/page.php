<?php
/**
 * The settings page: Settings → WP DynamoDB, on a network in the network admin.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

const PAGE = 'wp-dynamodb';

/**
 * On `admin_menu`, on a network on `network_admin_menu`.
 */
function add_page(): void {
	$title = __( 'WP DynamoDB', 'wp-dynamodb' );
	if ( is_network_admin() ) {
		add_submenu_page( 'settings.php', $title, $title, 'manage_network_options', PAGE, __NAMESPACE__ . '\\show_page' );
	} elseif ( ! is_multisite() ) {
		add_options_page( $title, $title, 'manage_options', PAGE, __NAMESPACE__ . '\\show_page' );
	}
}

/**
 * The page's address.
 */
function page_url(): string {
	return is_multisite() ? network_admin_url( 'settings.php?page=' . PAGE ) : admin_url( 'options-general.php?page=' . PAGE );
}

/**
 * On `plugin_action_links_…`: a link to the page in the list of plugins.
 *
 * @param array<string, string> $links Those of WordPress.
 * @return array<string, string>
 */
function add_page_link( array $links ): array {
	if ( may_manage() ) {
		$links['settings'] = sprintf( '<a href="%s">%s</a>', esc_url( page_url() ), esc_html__( 'Settings', 'wp-dynamodb' ) );
	}

	return $links;
}

/**
 * On `admin_enqueue_scripts`.
 *
 * @param string $screen The screen's hook.
 */
function enqueue_page( string $screen ): void {
	if ( ! str_ends_with( $screen, '_page_' . PAGE ) ) {
		return;
	}
	$file = WP_DYNAMODB_DIR . '/wp-dynamodb.php';
	wp_enqueue_style( 'wp-dynamodb', plugins_url( 'assets/page.css', $file ), array(), VERSION );
	wp_enqueue_script( 'wp-dynamodb', plugins_url( 'assets/page.js', $file ), array(), VERSION, true );
	wp_add_inline_script(
		'wp-dynamodb',
		'window.wpDynamoDB = ' . wp_json_encode(
			array(
				'rest'  => esc_url_raw( rest_url( REST_NAMESPACE ) ),
				'nonce' => wp_create_nonce( 'wp_rest' ),
				'says'  => array(
					'asking'    => __( 'Asking DynamoDB…', 'wp-dynamodb' ),
					/* translators: %s: error message. */
					'failed'    => __( 'It did not work: %s', 'wp-dynamodb' ),
					'stale'     => __( 'The page cannot be brought up to date; what it shows is from before.', 'wp-dynamodb' ),
					'problems'  => __( 'To be mended, nothing is saved before:', 'wp-dynamodb' ),
					'conflicts' => __( 'In the way:', 'wp-dynamodb' ),
					'defines'   => __( 'Will be defined while the Region is active:', 'wp-dynamodb' ),
					'nothing'   => __( 'The map is empty: it defines nothing.', 'wp-dynamodb' ),
				),
			)
		) . ';',
		'before'
	);
}

/**
 * Prints the page.
 */
function show_page(): void {
	if ( ! may_manage() ) {
		wp_die( esc_html__( 'You are not allowed to do this.', 'wp-dynamodb' ), '', array( 'response' => 403 ) );
	}

	printf( '<div class="wrap wpd"><h1>%s</h1>', esc_html__( 'WP DynamoDB', 'wp-dynamodb' ) );
	if ( is_network_admin() ) {
		// On a single site options-head.php shows them.
		settings_errors( 'wp_dynamodb' );
	}
	// Outside of the panel, which is replaced: what is announced must be there before it changes.
	echo '<p id="wpd-says" class="screen-reader-text" role="status"></p><p id="wpd-stale" role="status"></p><div id="wpd-panel">';
	// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- made of escaped parts.
	echo panel();
	echo '</div>';
	show_settings_form();
	show_map_form();
	show_extension_settings();
	show_health_help();
	echo '</div>';
}

/**
 * Opens a form of one group.
 *
 * @param string $group The option group.
 * @param string $id    The form's id.
 */
function open_form( string $group, string $id ): void {
	printf( '<form method="post" id="%s" action="%s">', esc_attr( $id ), esc_url( is_network_admin() ? network_admin_url( 'edit.php?action=wp_dynamodb' ) : admin_url( 'options.php' ) ) );
	settings_fields( $group );
}

/**
 * The plugin's own settings.
 */
function show_settings_form(): void {
	printf( '<h2>%s</h2>', esc_html__( 'Settings', 'wp-dynamodb' ) );
	open_form( 'wp_dynamodb_settings', 'wpd-settings-form' );
	echo '<table class="form-table" role="presentation"><tbody>';
	foreach ( array_keys( SETTINGS ) as $key ) {
		show_setting( $key );
	}
	echo '</tbody></table>';
	submit_button( __( 'Save settings', 'wp-dynamodb' ), 'primary', 'submit', true, array( 'id' => 'wpd-save' ) );
	echo '</form>';
}

/**
 * One setting with its field.
 *
 * @param string $key A key of SETTINGS.
 */
function show_setting( string $key ): void {
	$held  = setting_with_source( $key );
	$fixed = in_array( $held['source'], array( 'constant', 'environment' ), true );
	$id    = "wpd-{$key}";
	$name  = SETTINGS_OPTION . "[{$key}]";
	$flag  = 'flag' === SETTINGS[ $key ]['type'];
	printf( '<tr><th scope="row"><label for="%s">%s</label></th><td>', esc_attr( $id ), esc_html( setting_label( $key ) ) );
	if ( $flag ) {
		printf(
			'<input type="hidden" name="%2$s" value="0"><input type="checkbox" id="%1$s" name="%2$s" value="1" aria-describedby="%1$s-help"%3$s%4$s>',
			esc_attr( $id ),
			esc_attr( $name ),
			checked( true, $held['value'], false ),
			disabled( true, $fixed, false )
		);
	} else {
		$number = 'number' === SETTINGS[ $key ]['type'];
		printf(
			'<input type="%1$s" class="%2$s" id="%3$s" name="%4$s" value="%5$s" aria-describedby="%3$s-help"%6$s%7$s>',
			$number ? 'number' : 'text',
			$number ? 'small-text' : 'regular-text',
			esc_attr( $id ),
			esc_attr( $name ),
			esc_attr( (string) $held['value'] ),
			$number ? sprintf( ' min="%d" max="%d"', (int) SETTINGS[ $key ]['least'], (int) SETTINGS[ $key ]['most'] ) : ' maxlength="255"',
			disabled( true, $fixed, false )
		);
	}
	$sources = array(
		/* translators: %s: name of a constant. */
		'constant'    => sprintf( __( 'Fixed by the constant %s in wp-config.php.', 'wp-dynamodb' ), $held['name'] ),
		/* translators: %s: name of an environment variable. */
		'environment' => sprintf( __( 'Fixed by the environment variable %s.', 'wp-dynamodb' ), $held['name'] ),
		'option'      => __( 'Set here.', 'wp-dynamodb' ),
		'default'     => __( 'The default.', 'wp-dynamodb' ),
	);
	printf(
		'<p class="description" id="%s-help">%s <em>%s%s</em>',
		esc_attr( $id ),
		esc_html( setting_help( $key ) ),
		$fixed ? '<span class="dashicons dashicons-lock" aria-hidden="true"></span> ' : '',
		esc_html( $sources[ $held['source'] ] )
	);
	if ( '' !== $held['problem'] ) {
		/* translators: 1: name of a constant or variable, 2: what it may be. */
		printf( ' <strong>%s</strong>', esc_html( sprintf( __( 'The value of %1$s is not valid and was passed over: it must be %2$s.', 'wp-dynamodb' ), $held['name'], setting_allowed( $key ) ) ) );
	}
	echo '</p></td></tr>';
}

/**
 * The Region map.
 */
function show_map_form(): void {
	$map     = region_map();
	$report  = define_constants();
	$fixed   = in_array( $map['source'], array( 'constant', 'environment' ), true );
	$status  = function_exists( 'wp_dynamodb_status' ) ? state()['status'] : null;
	$regions = array_unique( array_merge( array_map( 'strval', array_keys( $status['regions'] ?? array() ) ), array_map( 'strval', array_keys( $map['regions'] ) ) ) );
	$regions = array() === $regions ? array( 'us-east-1', 'us-west-2' ) : $regions;

	printf(
		'<h2 id="wpd-map">%s</h2><p>%s %s %s</p>',
		esc_html__( 'Region map', 'wp-dynamodb' ),
		esc_html__( 'Constants and the values that they have while a Region is active: the bucket and the delivery host of a media plugin, for example.', 'wp-dynamodb' ),
		esc_html__( 'They are defined before other plugins load, where nothing has defined them.', 'wp-dynamodb' ),
		esc_html__( 'A value is the text that stands there, but for true and false; as texts these are written in double quotes.', 'wp-dynamodb' )
	);
	foreach ( $map['problems'] as $problem ) {
		printf( '<div class="notice notice-warning inline"><p>%s</p></div>', esc_html( region_map_problem_text( $problem ) ) );
	}
	foreach ( $report['conflicts'] as $name => $wanted ) {
		printf( '<div class="notice notice-warning inline"><p>%s</p></div>', esc_html( conflict_text( $name, $wanted ) ) );
	}
	if ( $fixed ) {
		printf(
			'<p><em><span class="dashicons dashicons-lock" aria-hidden="true"></span> %s</em></p>',
			'constant' === $map['source']
				? esc_html__( 'Fixed by the constant WP_DYNAMODB_REGION_MAP in wp-config.php.', 'wp-dynamodb' )
				: esc_html__( 'Fixed by the environment variable WP_DYNAMODB_REGION_MAP.', 'wp-dynamodb' )
		);
	}
	open_form( 'wp_dynamodb_map', 'wpd-map-form' );
	foreach ( $regions as $region ) {
		show_map_region( $region, $map['regions'][ $region ] ?? array(), $fixed, $region === $report['region'] );
	}
	echo '<p>';
	if ( ! $fixed ) {
		submit_button( __( 'Save Region map', 'wp-dynamodb' ), 'primary', 'submit', false, array( 'id' => 'wpd-save-map' ) );
		printf( ' <button type="button" class="button" id="wpd-preview">%s</button>', esc_html__( 'Preview', 'wp-dynamodb' ) );
	}
	echo '</p><div id="wpd-preview-says" role="status"></div></form>';
}

/**
 * One Region's constants.
 *
 * @param string                $region    The Region.
 * @param array<string, scalar> $constants Its constants.
 * @param bool                  $fixed     They cannot be changed here.
 * @param bool                  $active    It is the active Region.
 */
function show_map_region( string $region, array $constants, bool $fixed, bool $active ): void {
	printf( '<fieldset class="wpd-region"><legend>%s%s</legend>', esc_html( $region ), $active ? ' <small>' . esc_html__( '(active)', 'wp-dynamodb' ) . '</small>' : '' );
	$rows = array_map( null, array_keys( $constants ), array_values( $constants ) );
	foreach ( array_merge( $rows, $fixed ? array() : array_fill( 0, 2, array( '', '' ) ) ) as $index => list( $name, $value ) ) {
		printf(
			'<p><label><span class="screen-reader-text">%1$s</span><input type="text" class="code" name="%2$s[%3$s][name][]" value="%4$s"'
			. ' placeholder="S3_UPLOADS_BUCKET" maxlength="64"%7$s></label> = <label><span class="screen-reader-text">%5$s</span>'
			. '<input type="text" class="regular-text code" name="%2$s[%3$s][value][]" value="%6$s" maxlength="8192"%7$s></label></p>',
			/* translators: 1: Region, 2: number of a row. */
			esc_html( sprintf( __( '%1$s: name of constant %2$d', 'wp-dynamodb' ), $region, $index + 1 ) ),
			esc_attr( REGION_MAP_OPTION ),
			esc_attr( $region ),
			esc_attr( (string) $name ),
			/* translators: 1: Region, 2: number of a row. */
			esc_html( sprintf( __( '%1$s: value of constant %2$d', 'wp-dynamodb' ), $region, $index + 1 ) ),
			esc_attr( field_text( $value ) ),
			disabled( true, $fixed, false )
		);
	}
	if ( array() === $rows && $fixed ) {
		printf( '<p>%s</p>', esc_html__( 'No constants.', 'wp-dynamodb' ) );
	}
	if ( ! $fixed ) {
		/* translators: %s: Region. */
		printf( '<button type="button" class="button-link wpd-more">%s</button>', esc_html( sprintf( __( 'Another constant for %s', 'wp-dynamodb' ), $region ) ) );
	}
	echo '</fieldset>';
}

/**
 * The extension's settings: set in php.ini, so only shown.
 */
function show_extension_settings(): void {
	if ( ! function_exists( 'wp_dynamodb_config' ) ) {
		return;
	}
	$sources = array(
		'default' => __( 'default', 'wp-dynamodb' ),
		'ini'     => __( 'php.ini or pool', 'wp-dynamodb' ),
		'runtime' => __( 'web server', 'wp-dynamodb' ),
	);
	printf(
		'<h2>%s</h2><p><span class="dashicons dashicons-lock" aria-hidden="true"></span> %s</p><details><summary>%s</summary>',
		esc_html__( 'Settings of the extension', 'wp-dynamodb' ),
		esc_html__( 'They are set in php.ini, or per pool or virtual host (php_admin_value), and hold for this host.', 'wp-dynamodb' ),
		esc_html__( 'Show all', 'wp-dynamodb' )
	);
	open_table( array( __( 'Setting', 'wp-dynamodb' ), __( 'Value', 'wp-dynamodb' ), __( 'From', 'wp-dynamodb' ), __( 'Default', 'wp-dynamodb' ), __( 'Meaning', 'wp-dynamodb' ) ) );
	foreach ( wp_dynamodb_config() as $name => $one ) {
		printf(
			'<tr><th scope="row"><code>%s</code></th><td><code>%s</code></td><td>%s</td><td><code>%s</code></td><td>%s</td></tr>',
			esc_html( $name ),
			esc_html( $one['value'] ),
			esc_html( $sources[ $one['source'] ] ?? $one['source'] ),
			esc_html( $one['default'] ),
			/* translators: 1: meaning of a setting, 2: what it may be. */
			esc_html( sprintf( __( '%1$s (%2$s)', 'wp-dynamodb' ), $one['meaning'], $one['allowed'] ) )
		);
	}
	echo '</tbody></table></div></details>';
}

/**
 * What fits /healthz in Route 53 and in a load balancer.
 */
function show_health_help(): void {
	$host  = (string) wp_parse_url( home_url(), PHP_URL_HOST );
	$path  = rtrim( (string) wp_parse_url( home_url(), PHP_URL_PATH ), '/' ) . '/healthz?level=ready';
	$route = "aws route53 create-health-check --caller-reference \$(date +%s) --health-check-config \\\n"
		. "  'Type=HTTPS_STR_MATCH,FullyQualifiedDomainName={$host},Port=443,ResourcePath={$path},SearchString=OK,RequestInterval=10,FailureThreshold=3'";
	$alb   = "aws elbv2 modify-target-group --target-group-arn … --health-check-path '{$path}' --matcher HttpCode=200 \\\n"
		. '  --health-check-interval-seconds 10 --health-check-timeout-seconds 2 --healthy-threshold-count 2 --unhealthy-threshold-count 3';
	printf(
		'<h2>%s</h2><p>%s</p>',
		esc_html__( 'Health checks', 'wp-dynamodb' ),
		esc_html__( 'Replace the host by one that reaches this Region only. A redirect counts as healthy in Route 53, so the check must match the text.', 'wp-dynamodb' )
	);
	foreach ( array( __( 'Route 53', 'wp-dynamodb' ) => $route, __( 'Load balancer (ALB)', 'wp-dynamodb' ) => $alb ) as $title => $command ) {
		printf( '<h3>%1$s</h3><pre class="wpd-code" tabindex="0" role="region" aria-label="%2$s">%3$s</pre>', esc_html( $title ), esc_attr( $title ), esc_html( $command ) );
	}
}
