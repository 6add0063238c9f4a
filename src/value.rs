//! Core's answers as PHP values.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::error::Result;
use ext_php_rs::types::{ZendHashTable, Zval};
use serde_json::{Map, Value};

/// A PHP array with the shape of the JSON object; keys keep their order.
pub fn array(values: &Map<String, Value>) -> Result<ZBox<ZendHashTable>> {
    let mut array: ZBox<ZendHashTable> = ZendHashTable::new();
    for (name, value) in values {
        array.insert(name.as_str(), zval(value)?)?;
    }
    Ok(array)
}

/// A PHP value with the shape of the JSON value.
fn zval(value: &Value) -> Result<Zval> {
    let mut out = Zval::new();
    match value {
        Value::Null => out.set_null(),
        Value::Bool(flag) => out.set_bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => out.set_long(whole),
            (None, Some(float)) => out.set_double(float),
            _ => out.set_null(),
        },
        Value::String(text) => out.set_string(text, false)?,
        Value::Array(values) => {
            let mut array: ZBox<ZendHashTable> = ZendHashTable::new();
            for value in values {
                array.push(zval(value)?)?;
            }
            out = array.into_zval(false)?;
        }
        Value::Object(values) => out = array(values)?.into_zval(false)?,
    }
    Ok(out)
}
