// Printing: light colours, and rows instead of scroll bars.

function paperScheme(on) {
  if (on) document.documentElement.dataset.scheme = 'paper';
  else delete document.documentElement.dataset.scheme;
  document.dispatchEvent(new Event('schemechange'));
}

addEventListener('beforeprint', () => paperScheme(true));
addEventListener('afterprint', () => paperScheme(false));
