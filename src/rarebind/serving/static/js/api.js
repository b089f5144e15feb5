// Talking to the server: the token goes along, faults come back as sentences.

const start = JSON.parse(byId('start').textContent);

/** What the server will not do, and why. */
class Refused extends Error {
  constructor(status, problems) {
    super(problems.join('\n'));
    this.status = status;
    this.problems = problems;
  }
}

const UNREACHABLE = 'The server does not answer. Is rarebind serve still running?';

async function ask(address, content) {
  const options = content === undefined ? {} : {
    method: 'POST',
    headers: { 'content-type': 'application/json', [start.tokenHeader]: start.token },
    body: JSON.stringify(content),
  };
  let answer;
  try {
    answer = await fetch(address, { ...options, cache: 'no-store', credentials: 'omit' });
  } catch {
    throw new Refused(0, [UNREACHABLE]);
  }
  const found = await answer.json().catch(() => null);
  if (answer.ok) return found;
  throw new Refused(answer.status, found?.problems ?? [`The server answers ${answer.status}.`]);
}
