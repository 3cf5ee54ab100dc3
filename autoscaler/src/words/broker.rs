//! What is wrong with a broker of a configuration. No sentence quotes a URL: it may hold a password.

use super::figures::quoted;
use crate::model::{BadBroker, BadUrl, Language};

/// Why a broker, its management API or its queues cannot be used.
pub(super) fn broker(language: Language, bad: &BadBroker) -> String {
    match bad {
        BadBroker::Missing(name) => {
            let name = quoted(name);
            say!(
                language,
                "project {name} has rules over its queue but no broker: write \"redis_url\", \"broker_url\" or \"broker_url_env\", for example \"redis_url\": \"redis://localhost:6379/0\"",
                "el proyecto {name} tiene reglas sobre su cola y ningún broker: escriba \"redis_url\", \"broker_url\" o \"broker_url_env\", por ejemplo \"redis_url\": \"redis://localhost:6379/0\""
            )
        }
        BadBroker::Two(one, other) => {
            let (one, other) = (quoted(one), quoted(other));
            say!(
                language,
                "{one} and {other} both name the broker: keep one",
                "{one} y {other} nombran los dos el broker: deje uno"
            )
        }
        BadBroker::Url(key, bad) => format!("{}: {}", quoted(key), bad_url(language, bad)),
        BadBroker::NoQueue => say!(
            language,
            "\"queues\" is empty: write the queues' names, or leave it out",
            "\"queues\" está vacía: escriba los nombres de las colas, o quítela"
        ),
        BadBroker::QueueType => say!(
            language,
            "a queue's name is text in double quotes",
            "el nombre de una cola es un texto entre comillas dobles"
        ),
        BadBroker::QueueName => say!(
            language,
            "a queue's name is empty or has control characters: write the queue's name",
            "el nombre de una cola está vacío o tiene caracteres de control: escriba el nombre de la cola"
        ),
        BadBroker::QueueTwice => say!(
            language,
            "this queue stands twice in \"queues\": keep one",
            "esta cola está dos veces en \"queues\": deje una"
        ),
        BadBroker::Separator => say!(
            language,
            "\"redis_priority_separator\" is empty or has digits: write the application's \"sep\", for example \":\", or leave it out",
            "\"redis_priority_separator\" está vacío o tiene cifras: escriba el \"sep\" de la aplicación, por ejemplo \":\", o quítelo"
        ),
        BadBroker::Step(highest) => say!(
            language,
            "a priority step is a whole number from 0 to {highest}: write the application's \"priority_steps\", for example [0, 3, 6, 9]",
            "un nivel de prioridad es un número entero de 0 a {highest}: escriba los \"priority_steps\" de la aplicación, por ejemplo [0, 3, 6, 9]"
        ),
        BadBroker::Steps(most) => say!(
            language,
            "\"redis_priority_steps\" must have from 1 to {most} steps: write the application's \"priority_steps\", for example [0, 3, 6, 9]",
            "\"redis_priority_steps\" tiene de 1 a {most} niveles: escriba los \"priority_steps\" de la aplicación, por ejemplo [0, 3, 6, 9]"
        ),
        BadBroker::RedisAlone(key, task_queue) => {
            let (key, name) = (quoted(key), task_queue.name());
            say!(
                language,
                "{key} is RabbitMQ's, and {name} has its queues in Redis alone: write \"redis_url\", for example \"redis_url\": \"redis://localhost:6379/0\"",
                "{key} es de RabbitMQ, y {name} solo tiene sus colas en Redis: escriba \"redis_url\", por ejemplo \"redis_url\": \"redis://localhost:6379/0\""
            )
        }
        BadBroker::NoKeyPrefix(task_queue) => {
            let name = task_queue.name();
            say!(
                language,
                "nothing can stand before the keys of {name}: take it out",
                "nada puede ir delante de las claves de {name}: quítela"
            )
        }
        BadBroker::OfCelery(key, task_queue) => {
            let (key, name) = (quoted(key), task_queue.name());
            say!(
                language,
                "{key} is Celery's: take it out, for {name} has no such lists",
                "{key} es de Celery: quítela, pues {name} no tiene esas listas"
            )
        }
    }
}

/// What is wrong with a URL, or with the name of the variable that holds one.
pub(super) fn bad_url(language: Language, bad: &BadUrl) -> String {
    match bad {
        BadUrl::None(example) => {
            let example = either(language, example);
            say!(
                language,
                "this is no URL: write for example {example}",
                "esto no es una URL: escriba por ejemplo {example}"
            )
        }
        BadUrl::Kind(example) => {
            let example = either(language, example);
            say!(
                language,
                "this kind of broker is not known: write a URL that begins with redis://, rediss://, redis+socket://, unix://, amqp:// or amqps://, for example {example}",
                "no se conoce este tipo de broker: escriba una URL que empiece por redis://, rediss://, redis+socket://, unix://, amqp:// o amqps://, por ejemplo {example}"
            )
        }
        BadUrl::RabbitMq => say!(
            language,
            "this is a RabbitMQ URL: write it as \"broker_url\"",
            "esta URL es de RabbitMQ: escríbala como \"broker_url\""
        ),
        BadUrl::Characters => say!(
            language,
            "spaces and control characters have no place in a URL: write them as %20 and the like",
            "en una URL no caben espacios ni caracteres de control: escríbalos como %20 y similares"
        ),
        BadUrl::Unreadable(example) => {
            let example = either(language, example);
            say!(
                language,
                "this URL cannot be read: write for example {example}, with characters like # / ? @ of a password as %23 %2F %3F %40",
                "no se entiende esta URL: escriba por ejemplo {example}, con los caracteres # / ? @ de una contraseña como %23 %2F %3F %40"
            )
        }
        BadUrl::Fragment => say!(
            language,
            "a # of the password must be written as %23",
            "una # de la contraseña se escribe %23"
        ),
        BadUrl::NoHost(example) => {
            let example = either(language, example);
            say!(
                language,
                "the host is missing: write for example {example}",
                "falta la máquina: escriba por ejemplo {example}"
            )
        }
        BadUrl::Database => say!(
            language,
            "after the host the database's number must stand: write for example /0",
            "tras la máquina va el número de la base de datos: escriba por ejemplo /0"
        ),
        BadUrl::Socket => say!(
            language,
            "the socket's path must follow three slashes: write for example unix:///run/redis/redis.sock",
            "la ruta del socket va tras tres barras: escriba por ejemplo unix:///run/redis/redis.sock"
        ),
        BadUrl::SocketDatabase(key) => say!(
            language,
            "{key} is the database's number: write for example ?{key}=0",
            "{key} es el número de la base de datos: escriba por ejemplo ?{key}=0"
        ),
        BadUrl::Variable => say!(
            language,
            "this is no name of an environment variable: write for example CELERY_BROKER_URL, which the unit sets",
            "esto no es el nombre de una variable de entorno: escriba por ejemplo CELERY_BROKER_URL, que define la unidad"
        ),
        BadUrl::ManagementOfRedis => say!(
            language,
            "only RabbitMQ has a management API: take it out",
            "solo RabbitMQ tiene una API de gestión: quítela"
        ),
        BadUrl::Tls(example) => say!(
            language,
            "only http:// is spoken here: name the listener without TLS, for example {example}",
            "aquí solo se habla http:// : nombre el puerto sin TLS, por ejemplo {example}"
        ),
        BadUrl::Sentinel => say!(
            language,
            "Redis Sentinel is not asked which server is the master: write the URL of the one server that has the queues, for example redis://10.0.0.1:6379/0, or a name that follows the master",
            "a Redis Sentinel no se le pregunta qué servidor es el maestro: escriba la URL del único servidor que tiene las colas, por ejemplo redis://10.0.0.1:6379/0, o un nombre que siga al maestro"
        ),
        BadUrl::Cluster => say!(
            language,
            "Redis Cluster is not supported: write the URL of the one server that has the queues, for example redis://10.0.0.1:6379/0",
            "Redis Cluster no se admite: escriba la URL del único servidor que tiene las colas, por ejemplo redis://10.0.0.1:6379/0"
        ),
        BadUrl::Several(scheme) => say!(
            language,
            "several brokers, separated by \";\", are not tried in turn (a ; of the password is written %3B): write the URL of the one server that has the queues, for example {scheme}://10.0.0.1/0",
            "no se prueban por turno varios brokers separados por \";\" (una ; de la contraseña se escribe %3B): escriba la URL del único servidor que tiene las colas, por ejemplo {scheme}://10.0.0.1/0"
        ),
        BadUrl::Query(example) => say!(
            language,
            "nothing may follow a ? or a #: write for example {example}",
            "nada puede seguir a una ? o a una # : escriba por ejemplo {example}"
        ),
    }
}

/// An example of one URL, or of two with the word between them.
fn either(language: Language, example: &str) -> String {
    match language {
        Language::En => example.to_owned(),
        Language::Es => example.replace(" or ", " o "),
    }
}
