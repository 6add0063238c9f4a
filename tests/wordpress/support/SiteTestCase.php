<?php

use PHPUnit\Framework\TestCase;

/** A fresh site for every test, removed after it. */
abstract class SiteTestCase extends TestCase {

	protected Site $site;

	protected function setUp(): void {
		$this->site = new Site();
	}

	protected function tearDown(): void {
		$this->site->remove();
	}
}
