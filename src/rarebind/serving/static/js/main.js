// Begins.

byId('made-by').textContent = `rarebind ${start.rarebind}. Only this machine reaches this page.`;
drawForm();
linesChanged();
refresh();
