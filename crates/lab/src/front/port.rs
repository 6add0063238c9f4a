//! The listening port and the three states a fault can put it in.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use crate::fault::Kind;

const BACKLOG: i32 = 1024;

/// A port on loopback.
#[derive(Debug)]
pub struct Port {
    number: u16,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Connections are accepted.
    Open(TcpListener),
    /// Bound without listening: connections are refused, and nobody else can take the port.
    Closed(Socket),
    /// The queue of connections to accept is full: the kernel drops what would open another one.
    Full {
        listener: TcpListener,
        /// The connections that fill the queue.
        _fillers: Vec<Socket>,
    },
}

impl Port {
    /// Opens a port; 0 lets the system choose.
    pub fn open(number: u16) -> Result<Self> {
        let (socket, number) = bind(number)?;
        let state = State::Open(listen(socket)?);
        Ok(Port { number, state })
    }

    /// The port's number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// The next connection; never returns unless the port is open.
    pub async fn accept(&self) -> TcpStream {
        let State::Open(listener) = &self.state else {
            return std::future::pending().await;
        };
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => {
                    // Out of file descriptors, say: the connection stays in the queue, so this must not spin.
                    eprintln!("lab: port {}: cannot accept: {error}", self.number);
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// Takes on the state that this kind of fault asks for.
    pub fn become_what(self, kind: Kind) -> Result<Self> {
        let number = self.number;
        let state = self.state.become_what(number, kind).with_context(|| format!("port {number} cannot become {kind}"))?;
        Ok(Port { number, state })
    }
}

impl State {
    fn become_what(self, number: u16, kind: Kind) -> Result<Self> {
        match (kind, self) {
            (Kind::Refuse, State::Open(listener)) => {
                drop(listener);
                Ok(State::Closed(bind(number)?.0))
            }
            (Kind::Refuse, closed @ State::Closed(_)) => Ok(closed),
            (Kind::Noconnect, State::Open(listener)) => {
                SockRef::from(&listener).listen(0)?;
                let _fillers = fill(number)?;
                Ok(State::Full { listener, _fillers })
            }
            (Kind::Noconnect, full @ State::Full { .. }) => Ok(full),
            (Kind::Refuse | Kind::Noconnect, other) => other.become_what(number, Kind::None)?.become_what(number, kind),
            (_, open @ State::Open(_)) => Ok(open),
            (_, State::Closed(socket)) => Ok(State::Open(listen(socket)?)),
            (_, State::Full { listener, .. }) => {
                SockRef::from(&listener).listen(BACKLOG)?;
                Ok(State::Open(listener))
            }
        }
    }
}

fn address(number: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, number).into()
}

fn bind(number: u16) -> Result<(Socket, u16)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address(number).into()).with_context(|| in_use(number))?;
    let bound = socket.local_addr()?.as_socket().context("an IPv4 address")?;
    Ok((socket, bound.port()))
}

fn listen(socket: Socket) -> Result<TcpListener> {
    let number = socket.local_addr()?.as_socket().map_or(0, |bound| bound.port());
    // With SO_REUSEADDR it is listen(), not bind(), that finds out about another listener.
    socket.listen(BACKLOG).with_context(|| in_use(number))?;
    Ok(TcpListener::from_std(socket.into())?)
}

fn in_use(number: u16) -> String {
    format!("cannot listen on 127.0.0.1:{number}; stop what uses port {number}, or choose another --port")
}

/// Connects until one connection does not come about: then the queue is full, and stays so while nobody accepts.
fn fill(number: u16) -> Result<Vec<Socket>> {
    let mut fillers = Vec::new();
    for _ in 0..16 {
        let filler = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        filler.set_nonblocking(true)?;
        match filler.connect(&address(number).into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => {
                return Err(error.into());
            }
            _ => {}
        }
        // On loopback the handshake is over when connect() returns, if it can be.
        let full = filler.peer_addr().is_err();
        fillers.push(filler);
        if full {
            return Ok(fillers);
        }
    }
    anyhow::bail!("16 connections did not fill a queue of none")
}
