/**
 * The settings page: keeps the panel up to date, tests the connection, previews the Region map. The page works without it.
 */
( function () {
	'use strict';

	const { rest, nonce, says } = window.wpDynamoDB;
	const EVERY = 10000;
	const panel = document.getElementById( 'wpd-panel' );
	const stale = document.getElementById( 'wpd-stale' );

	async function ask( path, data ) {
		const answer = await fetch( rest + path, {
			method: data ? 'POST' : 'GET',
			headers: { 'X-WP-Nonce': nonce, 'Content-Type': 'application/json' },
			body: data ? JSON.stringify( data ) : undefined,
			signal: AbortSignal.timeout( 20000 ),
		} );
		const body = await answer.json();
		if ( ! answer.ok ) {
			throw new Error( body.message || answer.statusText );
		}
		return body;
	}

	// What one reads or uses at the moment is not taken away.
	function isBusy() {
		return document.hidden || ( panel.contains( document.activeElement ) && document.activeElement !== document.body );
	}

	function show( html ) {
		const open = [ ...panel.querySelectorAll( 'details' ) ].map( ( one ) => one.open );
		panel.innerHTML = html;
		const now = panel.querySelectorAll( 'details' );
		if ( now.length === open.length ) {
			now.forEach( ( one, index ) => {
				one.open = open[ index ];
			} );
		}
	}

	async function refresh() {
		if ( ! isBusy() ) {
			try {
				show( ( await ask( '/panel' ) ).html );
				stale.hidden = true;
			} catch ( error ) {
				stale.textContent = says.stale;
				stale.hidden = false;
			}
		}
		setTimeout( refresh, EVERY );
	}

	async function test() {
		const line = () => document.getElementById( 'wpd-test-says' );
		line().textContent = says.asking;
		try {
			const found = await ask( '/test', {} );
			show( found.html );
			line().textContent = found.says;
		} catch ( error ) {
			line().textContent = says.failed.replace( '%s', error.message );
		}
		document.getElementById( 'wpd-test' ).focus();
	}

	// The form's rows as the server takes them.
	function map() {
		const regions = {};
		document.querySelectorAll( '.wpd-region input' ).forEach( ( input ) => {
			const parts = input.name.match( /\[([^\]]+)\]\[(name|value)\]\[\]$/ );
			if ( parts ) {
				regions[ parts[ 1 ] ] = regions[ parts[ 1 ] ] || { name: [], value: [] };
				regions[ parts[ 1 ] ][ parts[ 2 ] ].push( input.value );
			}
		} );
		return regions;
	}

	async function preview( into ) {
		into.textContent = '';
		try {
			const found = await ask( '/preview', { map: JSON.stringify( map() ) } );
			const list = document.createElement( 'ul' );
			list.className = 'ul-disc';
			[ ...found.problems, ...found.conflicts, ...found.defines ].forEach( ( text ) => {
				list.append( Object.assign( document.createElement( 'li' ), { textContent: text } ) );
			} );
			into.append( list );
		} catch ( error ) {
			into.textContent = says.failed.replace( '%s', error.message );
		}
	}

	document.addEventListener( 'click', ( event ) => {
		if ( event.target.id === 'wpd-test' ) {
			test();
		} else if ( event.target.id === 'wpd-preview' ) {
			preview( document.getElementById( 'wpd-preview-says' ) );
		} else if ( event.target.classList.contains( 'wpd-more' ) ) {
			const row = event.target.previousElementSibling.cloneNode( true );
			row.querySelectorAll( 'input' ).forEach( ( input ) => {
				input.value = '';
			} );
			event.target.before( row );
			row.querySelector( 'input' ).focus();
		}
	} );
	setTimeout( refresh, EVERY );
}() );
