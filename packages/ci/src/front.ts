/**
 * The front of an end-to-end test, run by `node -e` in a container of its own. It waits until every service with a `ready` path
 * answers 200 there, then listens, and sends each request to the service with the longest matching route, as nginx does in
 * production. Plain JavaScript in a string: the container has Node and nothing of ours.
 */
export const frontProgram = `
const http = require("node:http");
const { port, readyMs, services } = JSON.parse(process.env.FRONT);
const routes = services
  .flatMap((service) => (service.routes ?? []).map((route) => ({ route, service })))
  .sort((a, b) => b.route.length - a.route.length);
const under = (path, route) => path === route || path.startsWith(route.endsWith("/") ? route : route + "/") || path.startsWith(route + "?");
const ask = (service) =>
  new Promise((resolve) => {
    const request = http.get({ host: service.name, port: service.port, path: service.ready, timeout: 2000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200 ? undefined : "status " + answer.statusCode + " ≠ 200");
    });
    request.on("timeout", () => request.destroy(new Error("no answer in 2 s")));
    request.on("error", (error) => resolve(error.message));
  });
const until = Date.now() + readyMs;
const waitFor = async (service) => {
  for (;;) {
    const wrong = await ask(service);
    if (wrong === undefined) return;
    if (Date.now() > until) throw new Error(service.name + " at " + service.ready + ": " + wrong);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
const serve = (request, response) => {
  const found = routes.find(({ route }) => under(request.url, route));
  if (found === undefined) {
    response.writeHead(404).end("no service has this path\\n");
    return;
  }
  const { method, url: path, headers } = request;
  // A connection of its own: one that is kept may be closed by the service just when a request goes out on it.
  const to = { host: found.service.name, port: found.service.port, method, path, headers, agent: false };
  const onward = http.request(to, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", (error) => {
    if (!response.headersSent) response.writeHead(502);
    response.end(found.service.name + ": " + error.message + "\\n");
  });
  response.on("close", () => onward.destroy());
  request.pipe(onward);
};
Promise.all(services.filter((service) => service.port !== undefined && service.ready !== undefined).map(waitFor)).then(
  () => http.createServer(serve).listen(port, () => console.log("front: ready")),
  (error) => {
    console.log("front: " + error.message);
    process.exitCode = 1;
  },
);
`;
