//! The header-logger's configuration: `{"log_level": "info", "headers": ["user-agent"]}`.

use proxy_wasm::types::LogLevel;
use serde_json::Value;

pub struct Config {
    pub log_level: LogLevel,
    headers: Vec<String>, // lower case
}

impl Default for Config {
    fn default() -> Self {
        Config { log_level: LogLevel::Info, headers: vec!["user-agent".to_string()] }
    }
}

impl Config {
    /// Keys that are not there have their defaults; the error is for the one who wrote it.
    pub fn parse(text: &[u8]) -> Result<Config, String> {
        let mut config = Config::default();
        if text.is_empty() {
            return Ok(config);
        }
        let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let fields = value.as_object().ok_or("the configuration must be an object")?;
        for (key, value) in fields {
            match key.as_str() {
                "log_level" => config.log_level = level(value)?,
                "headers" => config.headers = names(value)?,
                _ => return Err(format!("unknown key {}", key)),
            }
        }
        Ok(config)
    }

    /// Hosts hand over names in lower case.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header == name)
    }
}

fn level(value: &Value) -> Result<LogLevel, String> {
    match value.as_str() {
        Some("trace") => Ok(LogLevel::Trace),
        Some("debug") => Ok(LogLevel::Debug),
        Some("info") => Ok(LogLevel::Info),
        Some("warn") => Ok(LogLevel::Warn),
        Some("error") => Ok(LogLevel::Error),
        Some("critical") => Ok(LogLevel::Critical),
        _ => Err("log_level must be one of trace, debug, info, warn, error, critical".to_string()),
    }
}

fn names(value: &Value) -> Result<Vec<String>, String> {
    let items = value.as_array().ok_or("headers must be a list of strings")?;
    items
        .iter()
        .map(|item| item.as_str().map(str::to_ascii_lowercase))
        .collect::<Option<_>>()
        .ok_or_else(|| "headers must be a list of strings".to_string())
}
