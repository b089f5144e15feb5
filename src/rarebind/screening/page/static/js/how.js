// Where the numbers come from: versions, level, model card, seed, hash.

function drawHow() {
  const { protocol, versions, model, seed, model_sha256: hash, ...others } = report.how;
  const lines = [
    ['Level of theory', report.level], ['Engine', report.engine],
    ['Interval', known(report.interval) ? `${intervalText} prediction interval (half-width ±)` : 'none'],
    ['Reference metal', report.reference_metal],
    ['Not shown', hasSign ? null : 'which of two metals is preferred, separation factors and species in solution: this level of theory cannot tell them'],
    ['Temperature', known(report.temperature) ? `${report.temperature} K` : null],
    ['Seed', seed], ['SHA-256 of the model', hash], ['Made', report.created],
    ...Object.entries(others).map(([name, value]) => [phrase(name), value]),
  ].filter(([, value]) => !blank(value));
  const host = byId('how-content');
  host.append(facts(lines));
  const parts = [['Versions', versions, true], ['Protocol', protocol, false], ['Model card', model, false]];
  for (const [title, value, open] of parts) {
    if (blank(value)) continue;
    host.append(make('details', { open }, make('summary', {}, title), nested(value)));
  }
}

const blank = (value) => value === null || value === undefined || value === ''
  || (typeof value === 'object' && !Object.values(value).some((part) => !blank(part)));

const phrase = (name) => name.replaceAll('_', ' ');

const facts = (lines) => make('dl', { class: 'how' }, lines.map(([name, value]) => [make('dt', {}, name), make('dd', {}, nested(value))]));

function nested(value) {
  if (Array.isArray(value) && value.some((part) => typeof part === 'object' && part)) {
    return make('ol', {}, value.map((part) => make('li', {}, nested(part))));
  }
  if (Array.isArray(value)) return value.join(', ');
  if (value && typeof value === 'object') {
    return facts(Object.entries(value).filter(([, part]) => !blank(part)).map(([name, part]) => [phrase(name), part]));
  }
  return String(value);
}
