/**
 * Drives Debian's Chromium for tests/browser/browser.py: one JSON object a line on stdin, one answer a line on stdout.
 *
 *     {"open": {…}}                                        a new window without cookies; options of playwright's newContext()
 *     {"chain": [["locator", "#a"], ["click", {…}]]}       methods of playwright's Page, one on the answer of the other
 *     {"axe": ".wrap"}                                     what axe finds in there (WCAG 2 A and AA)
 *
 * An answer has `value` or `error` (the page as it was then is in failed.png), and in `said` what the page wrote to its console as an error, or did not catch.
 */
'use strict';

const readline = require( 'node:readline' );
const { chromium } = require( 'playwright-core' );
const axe = require( 'axe-core' );

const TIMEOUT = 10000;

let browser, context, page;
let said = [];

async function open( options ) {
	if ( context ) {
		await context.close();
	}
	said = [];
	context = await browser.newContext( { locale: 'en-US', ...options } );
	context.setDefaultTimeout( TIMEOUT );
	page = await context.newPage();
	page.on( 'pageerror', ( error ) => said.push( String( error ) ) );
	page.on( 'console', ( message ) => {
		// WordPress shows avatars from another host, which is not asked; and an icon, which Chromium asks for whenever it likes.
		const ours = ! message.text().includes( 'ERR_NAME_NOT_RESOLVED' ) && ! message.location().url.endsWith( '/favicon.ico' );
		if ( message.type() === 'error' && ours ) {
			said.push( message.text() );
		}
	} );
	page.on( 'dialog', ( dialog ) => {
		said.push( `dialog: ${ dialog.message() }` );
		dialog.dismiss();
	} );
}

async function follow( chain ) {
	let on = page;
	for ( const [ name, ...args ] of chain ) {
		const next = on[ name ];
		on = await ( typeof next === 'function' ? next.apply( on, args ) : next );
	}
	// Handles and responses are of no use to the other side.
	const plain = on instanceof Object ? [ Array.prototype, Object.prototype ].includes( Object.getPrototypeOf( on ) ) : on !== undefined;
	return plain ? on : null;
}

async function accessibility( selector ) {
	await page.evaluate( axe.source );
	const found = await page.evaluate(
		( within ) => window.axe.run( within, { runOnly: [ 'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa' ], resultTypes: [ 'violations' ] } ),
		selector
	);
	return found.violations.map( ( one ) => `${ one.id }: ${ one.nodes.map( ( node ) => `${ node.target } ${ node.failureSummary }` ).join( '; ' ) }` );
}

async function answer( line ) {
	const ask = JSON.parse( line );
	const answered = {};
	try {
		if ( ask.open ) {
			await open( ask.open );
			answered.value = null;
		} else {
			answered.value = ask.axe ? await accessibility( ask.axe ) : await follow( ask.chain );
		}
	} catch ( error ) {
		answered.error = String( error.message || error );
		await page?.screenshot( { path: 'failed.png', fullPage: true } ).catch( () => {} );
	}
	answered.said = said.splice( 0 );
	process.stdout.write( JSON.stringify( answered ) + '\n' );
}

( async () => {
	browser = await chromium.launch( {
		executablePath: '/usr/bin/chromium',
		// As root there is no sandbox; the pages are our own, and nothing but this machine is asked.
		args: [ '--no-sandbox', '--disable-dev-shm-usage', '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1', '--force-color-profile=srgb' ],
	} );
	for await ( const line of readline.createInterface( { input: process.stdin } ) ) {
		await answer( line );
	}
	await browser.close();
} )().catch( ( error ) => {
	process.stderr.write( String( error.stack || error ) + '\n' );
	process.exit( 1 );
} );
