<?php
/**
 * Media plugins that need more than constants to follow the active Region.
 *
 * S3-Uploads reads S3_UPLOADS_BUCKET, S3_UPLOADS_REGION and S3_UPLOADS_BUCKET_URL, but without the last one it makes an address
 * that names no Region. Media Cloud reads MCLOUD_STORAGE_S3_BUCKET and MCLOUD_STORAGE_S3_REGION, which needs nothing here. WP
 * Offload Media writes what its own constant says to the database at every change: its filters leave the database alone. They
 * read AS3CF_BUCKET and AS3CF_REGION of the Region map.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * A constant's text; '' when there is none.
 *
 * @param string $name The constant.
 */
function text_constant( string $name ): string {
	return defined( $name ) && is_string( constant( $name ) ) ? constant( $name ) : '';
}

/**
 * On `s3_uploads_bucket_url`: the bucket in its own Region, where no delivery host is named.
 *
 * @param mixed $url As S3-Uploads makes it.
 */
function s3_uploads_url( mixed $url ): mixed {
	$region = text_constant( 'S3_UPLOADS_REGION' );
	$bucket = text_constant( 'S3_UPLOADS_BUCKET' );
	if ( true !== setting( 'media' ) || '' === $region || '' === $bucket || '' !== text_constant( 'S3_UPLOADS_BUCKET_URL' ) ) {
		return $url;
	}
	list( $name, $path ) = array_pad( explode( '/', $bucket, 2 ), 2, '' );
	$suffix              = partition( $region )[1];

	return rtrim( "https://{$name}.s3.{$region}.{$suffix}/{$path}", '/' );
}

/**
 * On `as3cf_setting_bucket` and `as3cf_setting_region`: what the Region map says, without a word in the database.
 *
 * @param mixed $value What WP Offload Media has stored.
 */
function offload_setting( mixed $value ): mixed {
	$ours = text_constant( 'as3cf_setting_bucket' === current_filter() ? 'AS3CF_BUCKET' : 'AS3CF_REGION' );

	return true === setting( 'media' ) && '' !== $ours ? $ours : $value;
}
