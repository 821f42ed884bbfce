//! A Unix socket or a TCP connection, whichever.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

#[derive(Debug)]
pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

#[derive(Debug)]
pub(super) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

#[derive(Clone, Debug)]
pub(super) enum Address {
    Unix(PathBuf),
    Tcp(u16),
}

impl Address {
    pub(super) fn connect(&self) -> io::Result<Stream> {
        match self {
            Address::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
            Address::Tcp(port) => Stream::tcp(TcpStream::connect(("127.0.0.1", *port))?),
        }
    }
}

impl Listener {
    pub(super) fn accept(&self) -> io::Result<Stream> {
        match self {
            Listener::Unix(it) => it.accept().map(|(stream, _)| Stream::Unix(stream)),
            Listener::Tcp(it) => Stream::tcp(it.accept()?.0),
        }
    }
}

impl Stream {
    fn tcp(stream: TcpStream) -> io::Result<Stream> {
        stream.set_nodelay(true)?;
        Ok(Stream::Tcp(stream))
    }

    pub(super) fn try_clone(&self) -> io::Result<Stream> {
        match self {
            Stream::Unix(it) => it.try_clone().map(Stream::Unix),
            Stream::Tcp(it) => it.try_clone().map(Stream::Tcp),
        }
    }

    /// Ends the connection for everybody who holds it. One that has ended already is no error.
    pub(super) fn cut(&self) {
        drop(match self {
            Stream::Unix(it) => it.shutdown(Shutdown::Both),
            Stream::Tcp(it) => it.shutdown(Shutdown::Both),
        });
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(it) => it.read(buffer),
            Stream::Tcp(it) => it.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(it) => it.write(buffer),
            Stream::Tcp(it) => it.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
