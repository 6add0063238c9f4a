/**
 * The settings page: keeps the panel up to date, tests the connection, previews the Region map. The page works without it.
 */
( function () {
	'use strict';

	const { rest, nonce, says } = window.wpDynamoDB;
	const EVERY = 10000;
	const panel = document.getElementById( 'wpd-panel' );
	const stale = document.getElementById( 'wpd-stale' );
	const said = document.getElementById( 'wpd-says' );
	const form = document.getElementById( 'wpd-map-form' );

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

	const headline = () => panel.querySelector( '.wpd-headline' ).textContent;

	function show( html ) {
		const before = headline();
		const open = [ ...panel.querySelectorAll( 'details' ) ].map( ( one ) => one.open );
		panel.innerHTML = html;
		const now = panel.querySelectorAll( 'details' );
		if ( now.length === open.length ) {
			now.forEach( ( one, index ) => {
				one.open = open[ index ];
			} );
		}
		if ( headline() !== before ) {
			said.textContent = headline();
		}
	}

	async function refresh() {
		if ( ! isBusy() ) {
			try {
				show( ( await ask( '/panel' ) ).html );
				stale.textContent = '';
			} catch ( error ) {
				stale.textContent = says.stale;
			}
		}
		setTimeout( refresh, EVERY );
	}

	async function test() {
		const say = ( text ) => {
			document.getElementById( 'wpd-test-says' ).textContent = text;
			said.textContent = text;
		};
		say( says.asking );
		try {
			const found = await ask( '/test', {} );
			show( found.html );
			say( found.says );
		} catch ( error ) {
			say( says.failed.replace( '%s', error.message ) );
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

	// A heading with a list under it; nothing when the list is empty.
	function listed( title, texts ) {
		const list = document.createElement( 'ul' );
		list.className = 'ul-disc';
		texts.forEach( ( text ) => list.append( Object.assign( document.createElement( 'li' ), { textContent: text } ) ) );
		return texts.length ? [ Object.assign( document.createElement( 'strong' ), { textContent: title } ), list ] : [];
	}

	// Shows what the map would do; whether the server would take it.
	async function preview() {
		const into = document.getElementById( 'wpd-preview-says' );
		try {
			const found = await ask( '/preview', { map: JSON.stringify( map() ) } );
			const parts = [
				...listed( says.problems, found.problems ),
				...listed( says.conflicts, found.conflicts ),
				...listed( says.defines, found.defines ),
			];
			into.replaceChildren( ...( parts.length ? parts : [ says.nothing ] ) );
			return found.problems.length === 0;
		} catch ( error ) {
			into.textContent = says.failed.replace( '%s', error.message );
			return true;
		}
	}

	// With a problem in it, the server stores nothing and what was typed would be gone.
	async function save( event ) {
		event.preventDefault();
		if ( await preview() ) {
			HTMLFormElement.prototype.submit.call( form );
		}
	}

	document.addEventListener( 'click', ( event ) => {
		if ( event.target.id === 'wpd-test' ) {
			test();
		} else if ( event.target.id === 'wpd-preview' ) {
			preview();
		} else if ( event.target.classList.contains( 'wpd-more' ) ) {
			const row = event.target.previousElementSibling.cloneNode( true );
			row.querySelectorAll( 'input' ).forEach( ( input ) => {
				input.value = '';
			} );
			event.target.before( row );
			row.querySelector( 'input' ).focus();
		}
	} );
	form.addEventListener( 'submit', save );
	setTimeout( refresh, EVERY );
}() );
