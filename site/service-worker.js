// The drawing page was here once, and its service worker would show it forever to those who visited it then.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", () => self.registration.unregister());
