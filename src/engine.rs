//! This process's engine, for the settings of the moment.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use wp_dynamodb_core::{Engine, Error, Kind};

use crate::{ini, lifecycle};

/// Engines that a worker keeps: vhosts and pools with settings of their own take turns in it.
const MOST: usize = 32;

/// What the settings of a generation came to.
struct Held {
    generation: u32,
    engine: Result<Rc<Engine>, Error>,
}

#[derive(Default)]
struct Engines {
    /// The one for the settings of the moment.
    current: Option<Held>,
    /// All of this process, the one used last at the end.
    all: Vec<Rc<Engine>>,
}

thread_local! {
    static ENGINES: RefCell<Engines> = RefCell::default();
}

/// The engine for the settings of the moment; made when first needed, anew after a fork.
///
/// # Errors
/// [`Kind::Config`] with every bad setting: with settings that are not what the administrator meant, no session is read or written.
pub fn current() -> Result<Rc<Engine>, Error> {
    ENGINES.with_borrow_mut(|engines| {
        let generation = ini::generation();
        if let Some(Held { generation: of, engine }) = &engines.current
            && *of == generation
            && engine.as_ref().map_or(true, |engine| engine.pid() == std::process::id())
        {
            return engine.clone();
        }
        if engines.all.last().is_some_and(|engine| engine.pid() != std::process::id()) {
            // The parent's: their tasks live in a runtime that has no threads here. Left alone, as it is.
            std::mem::forget(std::mem::take(engines));
        }
        let engine = engines.find_or_start();
        // Bad settings stay bad until one changes; a system without a thread to give may have one for the next request.
        if engine.as_ref().err().is_none_or(|error| error.kind == Kind::Config) {
            engines.current = Some(Held { generation, engine: engine.clone() });
        }
        engine
    })
}

impl Engines {
    /// PHP sets entries for a request and puts them back after it: most settings have been seen before.
    fn find_or_start(&mut self) -> Result<Rc<Engine>, Error> {
        let settings = ini::settings().map_err(|errors| Error::new(Kind::Config, format!("bad settings: {}", errors.join("; "))))?;
        let engine = match self.all.iter().position(|engine| **engine.shared_settings() == settings) {
            Some(index) => self.all.remove(index),
            None => Rc::new(Engine::start(Arc::new(settings))?),
        };
        if self.all.len() == MOST {
            // What it has under way ends before it does.
            self.all.remove(0).flush();
        }
        self.all.push(Rc::clone(&engine));
        Ok(engine)
    }
}

/// The engine used last if this process has one already: for what must not start anything.
pub fn running() -> Option<Rc<Engine>> {
    ENGINES.with_borrow(|engines| engines.all.last().filter(|engine| engine.pid() == std::process::id()).cloned())
}

/// The request has ended, whichever engines it used.
pub fn request_ended() {
    ENGINES.with_borrow(|engines| {
        for engine in engines.all.iter().filter(|engine| engine.pid() == std::process::id()) {
            engine.request_ended();
        }
    });
}

/// The process ends.
pub fn stop() {
    let _ = ENGINES.try_with(|engines| {
        if let Ok(mut engines) = engines.try_borrow_mut() {
            let engines = std::mem::take(&mut *engines);
            if engines.all.last().is_some_and(|engine| engine.pid() != std::process::id()) {
                std::mem::forget(engines);
                return;
            }
            for engine in engines.all {
                engine.flush();
                lifecycle::log_notices(&engine);
                engine.slot().release(engine.pid());
            }
        }
    });
}
