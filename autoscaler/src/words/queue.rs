//! Why a project's queues cannot be read.

use crate::model::{FileFault, Language, QueueFault, Silence, TlsProblem, UrlFault};
use crate::words::figures::quoted;
use crate::words::host::read_fault;
use crate::words::system::system_fault;

/// Why a broker cannot be used.
#[must_use]
pub fn queue_fault(language: Language, fault: &QueueFault) -> String {
    match fault {
        QueueFault::BadUrl { why } => {
            let why = url_fault(language, why);
            say!(
                language,
                "the broker's URL cannot be used: {why}",
                "la URL del broker no sirve: {why}"
            )
        }
        QueueFault::NoVariable { variable, pid } => say!(
            language,
            "process {pid} was started without {variable} in its environment: set it in the unit (Environment= or EnvironmentFile=) and restart it",
            "el proceso {pid} arrancó sin {variable} en su entorno: póngala en la unidad (Environment= o EnvironmentFile=) y reiníciela"
        ),
        QueueFault::EnvironmentOverwritten { pid } => say!(
            language,
            "process {pid} has written its title over its environment: set SPT_NOENV=1 in the unit (Environment=SPT_NOENV=1), which keeps setproctitle from it, and restart it",
            "el proceso {pid} ha escrito su título encima de su entorno: ponga en la unidad Environment=SPT_NOENV=1, que se lo impide a setproctitle, y reiníciela"
        ),
        QueueFault::EnvironmentForbidden { pid } => say!(
            language,
            "cannot read the environment of process {pid}: the daemon needs CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, as it has in the unit that comes with it",
            "no está permitido leer el entorno del proceso {pid}: al demonio le hacen falta CAP_DAC_READ_SEARCH y CAP_SYS_PTRACE, como los tiene en la unidad que viene con él"
        ),
        QueueFault::EnvironmentUnreadable { why } => {
            let why = read_fault(language, why);
            say!(
                language,
                "the environment of the main process cannot be read: {why}",
                "no se puede leer el entorno del proceso principal: {why}"
            )
        }
        QueueFault::Unreachable { at, why } => {
            let why = silence(language, why);
            say!(
                language,
                "the broker at {at} cannot be reached: {why}",
                "el broker en {at} no responde: {why}"
            )
        }
        QueueFault::Tls { at, problem } => {
            let problem = tls_problem(language, problem);
            say!(
                language,
                "no TLS with the broker at {at}: {problem}",
                "no hay TLS con el broker en {at}: {problem}"
            )
        }
        QueueFault::NotSupported { kind } => say!(
            language,
            "{kind} is not supported: name the one server that has the queues, for example \"redis_url\": \"redis://10.0.0.1:6379/0\"",
            "{kind} no está soportado: nombre el único servidor que tiene las colas, por ejemplo \"redis_url\": \"redis://10.0.0.1:6379/0\""
        ),
        QueueFault::SeveralBrokers => say!(
            language,
            "a list of several brokers (with ;) is not supported: name the one server that has the queues, for example \"redis_url\": \"redis://10.0.0.1:6379/0\"",
            "una lista de varios brokers (con ;) no está soportada: nombre el único servidor que tiene las colas, por ejemplo \"redis_url\": \"redis://10.0.0.1:6379/0\""
        ),
        QueueFault::LoginRefused { at, why } => say!(
            language,
            "the broker at {at} refuses the user or the password: {why}",
            "el broker en {at} rechaza el usuario o la contraseña: {why}"
        ),
        QueueFault::NotPermitted { at, why } => say!(
            language,
            "the broker at {at} does not permit it: {why}",
            "el broker en {at} no lo permite: {why}"
        ),
        QueueFault::Blocked { at, memory, disk } => {
            let short_of = match (memory, disk) {
                (true, true) => say!(language, "memory and disk", "memoria y disco"),
                (true, false) => say!(language, "memory", "memoria"),
                (false, true) => say!(language, "disk", "disco"),
                (false, false) => say!(language, "something", "algo"),
            };
            say!(
                language,
                "the broker at {at} takes no messages, it is short of {short_of}: rabbitmqctl status shows the alarm and the limit",
                "el broker en {at} no acepta mensajes, le falta {short_of}: rabbitmqctl status muestra la alarma y el límite"
            )
        }
        QueueFault::NoSuchQueue { at, queue } => {
            let queue = quoted(queue);
            say!(
                language,
                "the broker at {at} has no queue {queue} in this virtual host: is it spelled as in the application, is the URL's virtual host the worker's, and has a worker ever consumed it?",
                "el broker en {at} no tiene la cola {queue} en este virtual host: ¿se escribe como en la aplicación, es el virtual host de la URL el del worker, y la ha consumido ya un worker?"
            )
        }
        QueueFault::Answered { at, why } => say!(
            language,
            "the broker at {at} answered with an error: {why}",
            "el broker en {at} contesta con un error: {why}"
        ),
    }
}

/// Why a broker does not answer. The English of each is how the history keeps it.
pub(super) fn silence(language: Language, why: &Silence) -> String {
    match why {
        Silence::System(error) => system_fault(language, error),
        Silence::Late { after } => {
            let after = after.as_secs();
            say!(language, "{why}", "sin respuesta en {after} s")
        }
        Silence::Lost => say!(language, "{why}", "se perdió la conexión"),
        Silence::HungUp => say!(language, "{why}", "colgó"),
        // The broker's, or those of the library that speaks with it.
        Silence::Words(words) => words.clone(),
    }
}

/// What is wrong with a broker's URL. The English of each is how the history keeps it.
fn url_fault(language: Language, fault: &UrlFault) -> String {
    match fault {
        UrlFault::NoScheme => say!(language, "{fault}", "no tiene un esquema como redis://"),
        UrlFault::Kind => say!(
            language,
            "{fault}",
            "no es de tipo redis, rediss, redis+socket, unix, amqp ni amqps"
        ),
        UrlFault::NoManagementHost => say!(language, "{fault}", "la de la API de gestión no tiene máquina"),
        UrlFault::NoSocketPath => say!(language, "{fault}", "no tiene la ruta de un socket"),
        UrlFault::NotUtf8 => say!(
            language,
            "{fault}",
            "una parte de ella, descodificados los %, no es UTF-8"
        ),
        UrlFault::Database => say!(
            language,
            "{fault}",
            "su ruta no es el número de una base de datos de Redis"
        ),
        UrlFault::NoCertificateName => say!(
            language,
            "{fault}",
            "su máquina no es un nombre que pueda estar en un certificado"
        ),
        UrlFault::NamesSocket { variable } => say!(
            language,
            "{fault}",
            "{variable} nombra un socket Unix, y eso solo puede hacerlo la configuración: escriba la URL como \"redis_url\" o \"broker_url\""
        ),
        UrlFault::NamesKey { variable } => say!(
            language,
            "{fault}",
            "{variable} nombra una clave privada, y eso solo puede hacerlo la configuración: escriba la URL como \"redis_url\" o \"broker_url\""
        ),
        UrlFault::File { key, path, why } => {
            let (path, why) = (path.display(), file_fault(language, why));
            say!(language, "{fault}", "su {key} {path} no sirve: {why}")
        }
        UrlFault::NoAuthorities => say!(
            language,
            "{fault}",
            "este sistema no tiene autoridades de certificación (en Debian: apt-get install ca-certificates): nombre la del broker en la URL, ?ssl_ca_certs=/ruta/ca.pem"
        ),
        UrlFault::NoTls => say!(
            language,
            "{fault}",
            "este programa se compiló sin ninguna versión de TLS"
        ),
        // Those of the library that takes URLs apart.
        UrlFault::Words(words) => words.clone(),
    }
}

/// What is wrong with a file that a URL names.
fn file_fault(language: Language, fault: &FileFault) -> String {
    match fault {
        FileFault::System(error) => system_fault(language, error),
        FileFault::NotAFile => say!(language, "{fault}", "no es un archivo normal"),
        FileFault::NoCertificate => say!(language, "{fault}", "no contiene ningún certificado en PEM"),
        FileFault::Unread => say!(language, "{fault}", "no se pueden leer sus certificados"),
        FileFault::NoKey => say!(
            language,
            "{fault}",
            "no contiene ninguna clave privada sin contraseña en PEM"
        ),
        FileFault::OtherKey => say!(language, "{fault}", "ssl_keyfile no es su clave"),
    }
}

/// What is wrong with an encrypted connection.
#[must_use]
pub fn tls_problem(language: Language, problem: &TlsProblem) -> String {
    match problem {
        TlsProblem::UnknownAuthority { authorities } => {
            let whose = authorities.as_ref().map_or_else(
                || {
                    say!(
                        language,
                        "any authority that this system trusts",
                        "ninguna autoridad en la que confíe este sistema"
                    )
                },
                |file| {
                    let file = file.display();
                    say!(language, "any authority in {file}", "ninguna autoridad de {file}")
                },
            );
            say!(
                language,
                "its certificate is not signed by {whose}: name the one that signed it in the URL, ?ssl_ca_certs=/path/ca.pem, as the worker does",
                "su certificado no está firmado por {whose}: nombre en la URL el de quien lo firmó, ?ssl_ca_certs=/ruta/ca.pem, como lo tiene el worker"
            )
        }
        TlsProblem::OtherName { wanted, names } => {
            let names = match names.as_slice() {
                [] => say!(
                    language,
                    "no name at all (it has no subjectAltName)",
                    "ningún nombre (no tiene subjectAltName)"
                ),
                names => names.join(", "),
            };
            say!(
                language,
                "its certificate is for {names}, not for {wanted}: write a name of the certificate into the URL, or, as older versions of redis-py do unasked, ?ssl_check_hostname=false",
                "su certificado es para {names}, no para {wanted}: escriba en la URL un nombre del certificado o, como hacen por su cuenta las versiones antiguas de redis-py, ?ssl_check_hostname=false"
            )
        }
        TlsProblem::Expired => say!(
            language,
            "its certificate has expired: renew it",
            "su certificado ha caducado: renuévelo"
        ),
        TlsProblem::NotYetValid => say!(
            language,
            "its certificate is not valid yet: is the clock right?",
            "su certificado aún no es válido: ¿está bien el reloj?"
        ),
        TlsProblem::NoServersCertificate => say!(
            language,
            "its certificate is an authority's own, not a server's: name this very certificate in the URL, ?ssl_ca_certs=/path/server.pem",
            "su certificado es el de una autoridad y no el de un servidor: nombre en la URL ese mismo certificado, ?ssl_ca_certs=/ruta/servidor.pem"
        ),
        TlsProblem::CertificateUnusable => say!(
            language,
            "its certificate cannot be used: it is damaged, revoked, or signed in a way that is no longer safe",
            "su certificado no sirve: está dañado o revocado, o firmado de un modo que ya no es seguro"
        ),
        TlsProblem::NotSpoken => say!(
            language,
            "it does not answer in TLS at this port: write redis:// (amqp://) in the URL, or the port for TLS",
            "no contesta en TLS en este puerto: escriba redis:// (amqp://) en la URL, o el puerto de TLS"
        ),
        TlsProblem::NothingInCommon => say!(
            language,
            "it has no version of TLS in common with this program, which speaks 1.2 and 1.3",
            "no tiene ninguna versión de TLS en común con este programa, que habla la 1.2 y la 1.3"
        ),
        TlsProblem::ClientUnknown => say!(
            language,
            "it asks for a certificate of the client: name it in the URL, ?ssl_certfile=/path/client.pem&ssl_keyfile=/path/client.key, as the worker does",
            "pide un certificado del cliente: nómbrelo en la URL, ?ssl_certfile=/ruta/cliente.pem&ssl_keyfile=/ruta/cliente.key, como lo tiene el worker"
        ),
        TlsProblem::ClientRefused => say!(
            language,
            "it refuses the client's certificate (ssl_certfile)",
            "rechaza el certificado del cliente (ssl_certfile)"
        ),
        TlsProblem::Broken => say!(language, "the handshake failed", "el saludo TLS falló"),
    }
}
