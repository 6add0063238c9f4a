//! This process's engine, for the settings of the moment.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use wp_dynamodb_core::{Engine, Error, Kind};

use crate::ini;

struct Held {
    generation: u32,
    engine: Result<Rc<Engine>, Error>,
}

thread_local! {
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

/// The engine; made when first needed, anew after a fork and when a setting has changed.
///
/// # Errors
/// [`Kind::Config`] with every bad setting: with settings that are not what the administrator meant, no session is read or written.
pub fn current() -> Result<Rc<Engine>, Error> {
    HELD.with_borrow_mut(|held| {
        let generation = ini::generation();
        match held {
            Some(Held { generation: of, engine: Err(error) }) if *of == generation => return Err(error.clone()),
            Some(Held { generation: of, engine: Ok(engine) }) if engine.pid() == std::process::id() => {
                if *of == generation {
                    return Ok(Rc::clone(engine));
                }
                // PHP puts entries back at the end of a request: often nothing has changed.
                if ini::settings().is_ok_and(|now| now == **engine.shared_settings()) {
                    *of = generation;
                    return Ok(Rc::clone(engine));
                }
            }
            Some(Held { engine: Ok(engine), .. }) => {
                // The parent's: its tasks live in a runtime that has no threads here. Left alone, as its runtime is.
                std::mem::forget(Rc::clone(engine));
            }
            _ => {}
        }
        let engine = start();
        // Bad settings stay bad until one changes; a system without a thread to give may have one for the next request.
        if engine.as_ref().err().is_none_or(|error| error.kind == Kind::Config) {
            *held = Some(Held { generation, engine: engine.clone() });
        }
        engine
    })
}

/// The engine if this process has one already: for what must not start anything.
pub fn running() -> Option<Rc<Engine>> {
    HELD.with_borrow(|held| match held {
        Some(Held { engine: Ok(engine), .. }) if engine.pid() == std::process::id() => Some(Rc::clone(engine)),
        _ => None,
    })
}

/// The process ends.
pub fn stop() {
    let _ = HELD.try_with(|held| {
        if let Ok(mut held) = held.try_borrow_mut()
            && let Some(Held { engine: Ok(engine), .. }) = held.take()
        {
            if engine.pid() == std::process::id() {
                engine.slot().release(engine.pid());
            } else {
                std::mem::forget(engine);
            }
        }
    });
}

fn start() -> Result<Rc<Engine>, Error> {
    let settings = ini::settings().map_err(|errors| Error::new(Kind::Config, format!("bad settings: {}", errors.join("; "))))?;
    Engine::start(Arc::new(settings)).map(Rc::new)
}
