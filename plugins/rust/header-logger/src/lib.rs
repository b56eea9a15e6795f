//! Logs request headers, one line each: `user-agent: curl/8.5.0`.
//!
//! Configuration (config.rs): at which level, and which headers.

mod config;

use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

use config::Config;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info); // of the log crate's macros, and panics
    proxy_wasm::set_root_context(|_| Box::new(HeaderLogger::default()));
}}

/// One for each configuration.
#[derive(Default)]
struct HeaderLogger {
    config: Rc<Config>,
}

impl Context for HeaderLogger {}

impl RootContext for HeaderLogger {
    fn on_configure(&mut self, _size: usize) -> bool {
        match Config::parse(&self.get_plugin_configuration().unwrap_or_default()) {
            Ok(config) => self.config = Rc::new(config),
            Err(why) => {
                say(LogLevel::Error, &why);
                return false;
            }
        }
        say(self.config.log_level, "HeaderLogger configured");
        true
    }

    // Without these two nobody answers for a request, and the first one panics.
    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request { config: Rc::clone(&self.config) }))
    }
}

/// One for each request.
struct Request {
    config: Rc<Config>,
}

impl Context for Request {}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        for (name, value) in self.get_http_request_headers() {
            if self.config.has_header(&name) {
                say(self.config.log_level, &format!("{}: {}", name, value));
            }
        }
        Action::Continue
    }
}

fn say(level: LogLevel, text: &str) {
    // Nothing to be done about a host that does not log.
    let _ = hostcalls::log(level, text);
}
