-- per login that owns a customer: the worker behind it, and who stands in where that worker is not there
with recursive logins as (
    select
        logins.*,
        coalesce(employees.active, false) as available,
        employees.absent_because,
        managers.manager_employee_id,
        case when employees.active then logins.employee_id else managers.manager_employee_id end as reachable_employee_id
    from {{ ref('int_crm_user') }} as logins
    left join {{ ref('int_employee') }} as employees
        on logins.employee_id = employees.employee_id
    left join {{ ref('int_active_manager') }} as managers
        on logins.employee_id = managers.employee_id
),

owning_logins as (
    select distinct
        owner_source as source,
        owner_user_id as user_id
    from {{ ref('int_customer_survivor') }}
    where owner_user_id is not null
),

named as (
    select
        owning_logins.source,
        owning_logins.user_id,
        logins.manager_user_id,
        logins.employee_id,
        logins.matched_by,
        coalesce(logins.available, false) as available,
        logins.absent_because,
        logins.manager_employee_id
    from owning_logins
    left join logins
        on owning_logins.source = logins.source
        and owning_logins.user_id = logins.user_id
),

-- Where HR's chain has a gap, or the login is no worker, there are still the managers that the CRM names: the nearest one
-- who is there, or for whom somebody is. That one ends the climb; equal rows count once, so a circle ends too.
crm_climb as (
    select
        named.source,
        named.user_id,
        leaders.manager_user_id,
        leaders.reachable_employee_id
    from named
    inner join logins as leaders
        on named.source = leaders.source
        and named.manager_user_id = leaders.user_id
    where not named.available and named.manager_employee_id is null

    union distinct

    select
        crm_climb.source,
        crm_climb.user_id,
        leaders.manager_user_id,
        leaders.reachable_employee_id
    from crm_climb
    inner join logins as leaders
        on crm_climb.source = leaders.source
        and crm_climb.manager_user_id = leaders.user_id
    where crm_climb.reachable_employee_id is null
),

final as (
    select
        -- ids
        named.source,
        named.user_id,
        named.employee_id,
        coalesce(named.manager_employee_id, crm_climb.reachable_employee_id) as manager_employee_id,

        -- texts
        named.matched_by,
        case
            when named.employee_id is null
                then 'login ' || named.user_id || ' of ' || named.source || ' is no known worker'
            when not named.available
                then named.employee_id || ' is ' || coalesce(
                    case named.absent_because when 'leave' then 'on leave' else named.absent_because end, 'not there'
                )
        end as unavailable_because,

        -- flags
        named.available
    from named
    left join crm_climb
        on named.source = crm_climb.source
        and named.user_id = crm_climb.user_id
        and crm_climb.reachable_employee_id is not null
)

select * from final
