// Starts JSME in a frame of its own origin, and tells the page around it what is drawn.
// JSME comes as text that its own starter would evaluate in one more frame, which a sandbox
// forbids; here the same text runs in this window, as scripts that carry the document's nonce.
'use strict';

(() => {
  const { nonce } = document.currentScript;
  const base = '/editor/';
  const firefox = /\bFirefox\//.test(navigator.userAgent);
  const build = firefox ? 'DF562A19E2DB53DC47045F14B3DC6551' : 'D44A6B2FA009371519F96969020A9CF0';

  function evaluate(text) {
    const script = document.createElement('script');
    script.nonce = nonce;
    script.textContent = text;
    document.head.append(script);
    script.remove();
  }

  window.$wnd = window;
  window.jsme = {
    __errFn: null,
    __moduleName: 'jsme',
    __moduleBase: base,
    __softPermutationId: 0,
    __computePropValue: null,
    __sendStats: () => {},
    __startLoadingFragment: (file) => base + file,
    __installRunAsyncCode: evaluate,
    onScriptDownloaded: (parts) => parts.forEach(evaluate),
  };
  window.__gwt_activeModules = { jsme: { moduleName: 'jsme', moduleBase: base } };

  window.jsmeOnLoad = () => {
    const editor = new window.JSApplet.JSME('canvas', `${innerWidth}px`, `${innerHeight}px`, {
      options: 'newlook,nocanonize,noautoez,nopaste,nocontextmenu,nosearchinchiKey',
    });
    const tell = (smiles) => parent.postMessage({ smiles }, location.origin);
    editor.setAfterStructureModifiedCallback((event) => tell(event.src.smiles()));
    window.addEventListener('resize', () => editor.setSize(`${innerWidth}px`, `${innerHeight}px`));
    tell('');
  };

  const loader = document.createElement('script');
  loader.src = `${base}${build}.cache.js`;
  document.head.append(loader);
})();
