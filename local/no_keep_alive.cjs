// Loaded into the emulator suite. Its Functions emulator keeps connections to the functions open for
// five idle seconds and gunicorn closes them after two, so now and then a request is sent into a
// closing connection: the client gets a 500 ({"code":"ECONNRESET"}), and the function's process is
// killed. With a connection for each request that cannot happen.
const http = require("node:http");

http.globalAgent = new http.Agent({ keepAlive: false });
