/** Shows the OpenAPI document on the documentation page; asks no other host for anything. */
/* global SwaggerUIBundle */
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#calls',
  deepLinking: true,
  validatorUrl: null,
});
